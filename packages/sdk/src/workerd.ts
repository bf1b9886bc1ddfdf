/** @module VoiceFlow for workerd (Cloudflare Workers): the core, the embedded model and WebAssembly. */
import { wasmBackend } from './backends/wasm/workerd.ts';
import { createDiarizerOn } from './wasm-only.ts';

export { fastCnn, fastCnnFrom } from '@voiceflow-ml/fast-cnn';
export { segmenter, segmenterFrom } from '@voiceflow-ml/segmenter';
export { type WasmBackendOptions, wasmBackend } from './backends/wasm/workerd.ts';
export type { CreateDiarizerOptions } from './choose-backend.ts';
export * from './core.ts';
export { standard } from './standard.ts';
export * from './words/index.ts';

/** Like `createDiarizer` of `index.ts`. */
export const createDiarizer = createDiarizerOn(wasmBackend);
