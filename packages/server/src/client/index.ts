/** @module The typed client of a VoiceFlow server, for browsers and servers. */

export type { AppType } from '../routes/api.ts';
export type { DiarizeJson } from '../routes/diarize/schema.ts';
export type { EmbeddingJson } from '../routes/embed/schema.ts';
export type { WindowJson } from '../routes/infer/schema.ts';
export { type ClientOptions, VoiceFlowClient } from './client.ts';
export type { JobsClient } from './jobs.ts';
export type { LiveConnection } from './live.ts';
export { RequestError } from './request-error.ts';
export type * from './types.ts';
export { type VerifyWebhookOptions, verifyWebhook, type WebhookEvent, type WebhookHeaders } from './webhook.ts';
