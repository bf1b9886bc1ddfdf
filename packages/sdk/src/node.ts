/** @module VoiceFlow for Node, Bun and Deno: core, the embedded model, native ONNX Runtime or else WebAssembly. */

import { nodeBackend } from './backends/node/backend.ts';
import { wasmBackend } from './backends/wasm/node.ts';
import { type CreateDiarizerOptions, unknownBackend } from './choose-backend.ts';
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

const BACKENDS = { node: () => nodeBackend(), wasm: () => wasmBackend() };

/** See `index.ts`; here the default backend is native where it is installed. */
export async function createDiarizer(options: CreateDiarizerOptions = {}): Promise<Diarizer> {
  const { model = standard, backend } = options;
  if (backend !== undefined) return create({ ...options, model, backend: backendOf(backend) });
  try {
    return await create({ ...options, model, backend: nodeBackend() });
  } catch (error) {
    if (!VoiceFlowError.isInstance(error) || error.code !== 'backend-unavailable') throw error;
    const message = `${error.message}; WebAssembly runs the network instead, about three times slower`;
    const warnings = [{ code: 'backend-fallback', message } as const];
    return create({ ...options, model, backend: wasmBackend(), warnings });
  }
}

function backendOf(backend: Backend | keyof typeof BACKENDS): Backend {
  if (typeof backend !== 'string') return backend;
  if (Object.hasOwn(BACKENDS, backend)) return BACKENDS[backend]();
  throw unknownBackend(backend);
}
