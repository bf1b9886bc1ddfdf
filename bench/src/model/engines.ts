import { availableParallelism } from 'node:os';
import type { Model, ModelFile } from 'voiceflow-ml/core';

/**
 * Ways to run one network: `native` and `wasm` are the users' backends, each in a worker with one thread;
 * `wasm-threads` lets WASM use all processors for one run; `native-direct` is the native backend in the current thread,
 * as the baseline for the cost of the worker.
 */
export const ENGINES = ['native', 'native-direct', 'wasm', 'wasm-threads'] as const;
export type EngineName = (typeof ENGINES)[number];

/** @throws `backend-unavailable` when the runtime lacks what the engine needs. */
export async function loadEngine(engine: EngineName, model: ModelFile): Promise<Model> {
  if (engine === 'native' || engine === 'native-direct') {
    const { nodeBackend } = await import('voiceflow-ml/backends/node');
    return nodeBackend({ mode: engine === 'native' ? 'threads' : 'in-process' }).load(model, { workers: 1 });
  }
  const { wasmBackend } = await import('voiceflow-ml/backends/wasm');
  const threads = engine === 'wasm' ? 1 : availableParallelism();
  return wasmBackend({ threads }).load(model, { workers: 1 });
}
