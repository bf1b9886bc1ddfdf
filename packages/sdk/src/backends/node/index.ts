/** @module Native ONNX Runtime in worker threads, for Node, Bun and Deno. */

export { disableTelemetry } from '../pool/telemetry.ts';
export { type NodeBackendOptions, nodeBackend } from './backend.ts';
export { inlineBackend } from './inline-backend.ts';
