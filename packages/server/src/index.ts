/**
 * @module The server as a handler for any runtime. Entries by runtime: `/node`, `/bun`, `/deno`, `/workerd`. The
 * client: `/client`.
 */

export { type ApiKey, parseApiKeys } from './admission/auth.ts';
export { createApp, type VoiceFlowApp } from './app.ts';
export type {
  Engine,
  EngineInfo,
  Lane,
  LiveChannel,
  LiveMessage,
  LiveRequest,
  Task,
  TaskContext,
  TaskOutput,
  TaskReply,
} from './engine/engine.ts';
export { localEngine } from './engine/local/local-engine.ts';
export { type RunnerParts, TaskRunner } from './engine/runner/runner.ts';
export type { OpenBody } from './http/body.ts';
export type { LogEntry } from './http/log.ts';
export type { Problem } from './http/problem.ts';
export { LIMIT_RULES, type Limits, resolveLimits } from './limits.ts';
export { MetricsRegistry } from './metrics/registry.ts';
export type { AppOptions } from './state.ts';
