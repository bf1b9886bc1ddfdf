/** @module The typed client of a VoiceFlow server, for browsers and servers alike. */

export { type ClientOptions, VoiceFlowClient } from './client.ts';
export type { JobsClient } from './jobs.ts';
export type { LiveConnection } from './live.ts';
export type * from './rpc.ts';
export type * from './types.ts';
export { type VerifyWebhookOptions, verifyWebhook, type WebhookEvent, type WebhookHeaders } from './webhook.ts';
