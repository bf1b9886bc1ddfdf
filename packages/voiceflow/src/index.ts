/** @module VoiceFlow for browsers and edge workers: core, the embedded model, WebAssembly. */
import { createDiarizer as create, type Diarizer, VoiceFlowError } from '@voiceflow-ml/core';
import { fastCnn } from '@voiceflow-ml/fast-cnn';
import { wasmBackend } from '@voiceflow-ml/ort-web';
import { type CreateDiarizerOptions, unknownBackend } from './options.ts';

export * from '@voiceflow-ml/core';
export { fastCnn, fastCnnFrom } from '@voiceflow-ml/fast-cnn';
export { type WasmBackendOptions, wasmBackend } from '@voiceflow-ml/ort-web';
export type { CreateDiarizerOptions } from './options.ts';

/**
 * Loads the model into a backend, by default the embedded one into the fastest there is here.
 *
 * @example
 * const diarizer = await createDiarizer();
 * const { turns } = await diarizer.diarize(await openAsBlob('meeting.wav'));
 * @throws as core's: `backend-unavailable`, `model-not-found`, `model-corrupt`, `model-incompatible`, `aborted`.
 */
export async function createDiarizer(options: CreateDiarizerOptions = {}): Promise<Diarizer> {
  const { model = fastCnn, backend = 'wasm' } = options;
  if (backend === 'node') {
    throw new VoiceFlowError('backend-unavailable', 'the native backend needs Node, Bun or Deno', {
      hint: 'leave `backend` out, or use "wasm"',
    });
  }
  if (typeof backend === 'string' && backend !== 'wasm') throw unknownBackend(backend);
  return create({ ...options, model, backend: backend === 'wasm' ? wasmBackend() : backend });
}
