/** @module What native code and workers need on Node, Bun and Deno. */
export { spawnThread } from './spawn.ts';
export { disableTelemetry } from './telemetry.ts';
