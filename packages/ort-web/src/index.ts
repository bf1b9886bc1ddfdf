/** @module ONNX Runtime WebAssembly for browsers. Servers and workerd have entries of their own (package.json). */
export type { WasmBackendOptions } from './options.ts';
export { tune } from './tuning/tune.ts';
export { wasmBackend } from './web.ts';
