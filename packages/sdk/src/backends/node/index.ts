/** @module Native ONNX Runtime, in worker threads or in process, for Node, Bun and Deno. */

export type { Device } from '../device.ts';
export { disableTelemetry } from '../pool/telemetry.ts';
export { type NodeBackendOptions, nodeBackend } from './backend.ts';
