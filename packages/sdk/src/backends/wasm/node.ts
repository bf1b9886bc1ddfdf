/** @module ONNX Runtime WebAssembly for Node, Bun and Deno: in worker threads. */
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import type { Backend } from '../../contract/backend.ts';
import { VoiceFlowError } from '../../contract/errors.ts';
import { checkThreads } from '../pool/options.ts';
import { openPool } from '../pool/pool.ts';
import { spawnThread } from '../pool/spawn.ts';
import type { WasmBackendOptions } from './options.ts';
import { script } from './worker.ts?script';

export type { WasmBackendOptions } from './options.ts';
export { tune } from './tuning/tune.ts';

/** Each takes about 130 MB. */
const DEFAULT_WORKERS = 4;

/**
 * ONNX Runtime WebAssembly, one session a worker: about three times slower than native, with nothing to install and
 * the same results (to 1e-6); its matrix product is tuned as it is loaded (`tune`). Workers start as in `nodeBackend`; a run that does not end after it was aborted is cut
 * off, since nothing native is at stake.
 */
export function wasmBackend(options: WasmBackendOptions = {}): Backend {
  return {
    name: 'wasm',
    async capabilities() {
      const processors = availableParallelism();
      const notes = ['no GPU: WebAssembly runs on the processor'];
      return { workers: processors, threads: processors, simd: true, gpu: false, notes };
    },
    async load(model, { workers = Math.min(availableParallelism(), DEFAULT_WORKERS), signal } = {}) {
      const settings = {
        module: locate(),
        threads: Math.min(checkThreads('threads', options.threads ?? 1), availableParallelism()),
      };
      const spawn = () => spawnThread(script, false);
      return openPool({ model, workers: checkThreads('workers', workers), settings, spawn, signal });
    },
  };
}

/** The URL of onnxruntime-web, found here because the worker's script has no address to look for it from. */
function locate(): string {
  try {
    return pathToFileURL(createRequire(import.meta.url ?? pathToFileURL('./').href).resolve('onnxruntime-web')).href;
  } catch (cause) {
    throw new VoiceFlowError('backend-unavailable', 'the WASM backend needs the package onnxruntime-web', {
      hint: 'install it with `npm install onnxruntime-web`',
      cause,
    });
  }
}
