/** @module The server as a handler for any runtime. Entries: `/node`, `/bun`, `/deno`, `/workerd`; the client: `/client`. */

export { type ApiKey, parseApiKeys } from './app/auth.ts';
export { type BodyPump, pumpWebStream, type ReadBody } from './app/body.ts';
export type {
  Engine,
  EngineInfo,
  Job,
  JobContext,
  JobOutput,
  JobReply,
  Lane,
  LiveChannel,
  LiveMessage,
  LiveRequest,
} from './app/engine.ts';
export type { Answer, Exchange } from './app/exchange.ts';
export { LIMIT_RULES, type Limits, resolveLimits } from './app/limits.ts';
export { MetricsRegistry } from './app/metrics.ts';
export type { Problem } from './app/problem.ts';
export type { AppOptions, LogEntry } from './app/state.ts';
export { createApp, type VoiceFlowApp } from './app.ts';
export { JobRunner, type RunnerParts } from './jobs/runner.ts';
export { localEngine } from './local-engine.ts';
