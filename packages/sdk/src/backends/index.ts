/** @module What a backend of your own can be built from. It is tested with `testBackend` of `voiceflow-ml/testing`. */
export type { Session } from './pool/session.ts';
export { type SessionBackendOptions, sessionBackend } from './session-backend.ts';
