/** @module Native ONNX Runtime in worker threads, for Node, Bun and Deno. */
export { type NodeBackendOptions, nodeBackend } from './backend.ts';
export { inlineBackend } from './inline-backend.ts';
