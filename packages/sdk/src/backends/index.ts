/** @module Helpers to build a custom backend. Test it with `testBackend` of `voiceflow-ml/testing`. */
export type { Session } from './pool/session.ts';
export { type SessionBackendOptions, sessionBackend } from './session-backend.ts';
