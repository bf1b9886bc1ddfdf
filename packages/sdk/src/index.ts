/** @module VoiceFlow for browsers: the core, the embedded model and WebAssembly. Other runtimes have other entries. */
import { wasmBackend } from './backends/wasm/page.ts';
import { createDiarizerOn } from './wasm-only.ts';

export { fastCnn, fastCnnFrom } from '@voiceflow-ml/fast-cnn';
export { segmenter, segmenterFrom } from '@voiceflow-ml/segmenter';
export { type WasmBackendOptions, wasmBackend } from './backends/wasm/page.ts';
export type { CreateDiarizerOptions } from './choose-backend.ts';
export * from './core.ts';
export { standard } from './standard.ts';
export * from './words/index.ts';

/**
 * Loads a model into a backend; by default the embedded model into the WebAssembly backend.
 *
 * @example
 * const diarizer = await createDiarizer();
 * const { turns } = await diarizer.diarize(await openAsBlob('meeting.wav'));
 * @throws `invalid-option`, `backend-unavailable`, `model-not-found`, `model-corrupt`, `model-incompatible`, `aborted`.
 */
export const createDiarizer = createDiarizerOn(wasmBackend);
