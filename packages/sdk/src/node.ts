/** @module VoiceFlow for Node, Bun and Deno: core, the embedded model, native ONNX Runtime or else WebAssembly. */

import { nodeBackend } from './backends/node/backend.ts';
import { wasmBackend } from './backends/wasm/node.ts';
import { type CreateDiarizerOptions, unknownBackend } from './choose-backend.ts';
import type { AudioDecoder } from './contract/audio.ts';
import type { Backend } from './contract/backend.ts';
import type { Diarizer } from './contract/diarizer.ts';
import { VoiceFlowError } from './contract/errors.ts';
import { createDiarizer as create } from './diarizer.ts';
import { standard } from './standard.ts';

export { fastCnn, fastCnnFrom } from '@voiceflow-ml/fast-cnn';
export { segmenter, segmenterFrom } from '@voiceflow-ml/segmenter';
export { type WasmBackendOptions, wasmBackend } from './backends/wasm/node.ts';
export type { CreateDiarizerOptions } from './choose-backend.ts';
export * from './core.ts';
export { standard } from './standard.ts';
export * from './words/index.ts';

const BACKENDS = { node: () => nodeBackend(), wasm: () => wasmBackend() };

/** See `index.ts`; here the default backend is native where it is installed, and so are decoders for other formats. */
export async function createDiarizer(options: CreateDiarizerOptions = {}): Promise<Diarizer> {
  const { model = standard, backend } = options;
  const all = { ...options, model, decoders: options.decoders ?? (await installedDecoders()) };
  if (backend !== undefined) return create({ ...all, backend: backendOf(backend) });
  try {
    return await create({ ...all, backend: nodeBackend() });
  } catch (error) {
    if (!VoiceFlowError.isInstance(error) || error.code !== 'backend-unavailable') throw error;
    const message = `${error.message}; WebAssembly runs the network instead, about three times slower`;
    const warnings = [{ code: 'backend-fallback', message } as const];
    return create({ ...all, backend: wasmBackend(), warnings });
  }
}

/** A variable, so that bundlers do not look for a package that may not be there. */
const CODECS = '@voiceflow-ml/codecs';

/** The decoders of `@voiceflow-ml/codecs` where it is installed; WAV alone is read where it is not. */
async function installedDecoders(): Promise<readonly AudioDecoder[]> {
  try {
    const { codecs } = (await import(CODECS)) as { readonly codecs: readonly AudioDecoder[] };
    return codecs;
  } catch {
    return [];
  }
}

function backendOf(backend: Backend | keyof typeof BACKENDS): Backend {
  if (typeof backend !== 'string') return backend;
  if (Object.hasOwn(BACKENDS, backend)) return BACKENDS[backend]();
  throw unknownBackend(backend);
}
