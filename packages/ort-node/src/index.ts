/** @module Native ONNX Runtime in worker threads, for Node, Bun and Deno. */

export { disableTelemetry } from '@voiceflow-ml/ort-common/node';
export { type NodeBackendOptions, nodeBackend } from './backend.ts';
