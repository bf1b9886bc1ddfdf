/** @module ONNX Runtime WebAssembly for browsers. Servers and workerd have entries of their own (package.json). */

import * as ort from 'onnxruntime-web/wasm';
import type { Backend } from '../../contract/backend.ts';
import { inlineThread } from '../pool/inline-thread.ts';
import { checkThreads } from '../pool/options.ts';
import { openPool } from '../pool/pool.ts';
import { openSession } from '../pool/session.ts';
import { inTurn } from './in-turn.ts';
import type { WasmBackendOptions } from './options.ts';
import { tune } from './tuning/tune.ts';

export type { WasmBackendOptions } from './options.ts';
export { tune } from './tuning/tune.ts';

/**
 * ONNX Runtime WebAssembly in the page's own thread: one run at a time, and events get their turn between runs.
 * For a page that stays smooth during runs, use it inside a Web Worker of yours.
 */
export function wasmBackend(options: WasmBackendOptions = {}): Backend {
  return {
    name: 'wasm',
    async capabilities() {
      const { threads, notes } = threadsHere();
      return { workers: 1, threads, simd: true, gpu: false, notes: ['one run at a time', ...notes] };
    },
    async load(model, { workers = 1, signal } = {}) {
      checkThreads('workers', workers);
      checkThreads('threads', options.threads ?? 1);
      const spawn = () => inlineThread((bytes) => inTurn(() => open(bytes, options)), setTimeout);
      return openPool({ model, workers: 1, settings: {}, spawn, signal });
    },
  };
}

function open(bytes: Uint8Array, options: WasmBackendOptions) {
  ort.env.wasm.numThreads = Math.min(options.threads ?? 1, threadsHere().threads);
  const { wasm } = options;
  if (wasm instanceof Uint8Array) ort.env.wasm.wasmBinary = tuned(wasm);
  else if (wasm !== undefined && !(wasm instanceof WebAssembly.Module)) ort.env.wasm.wasmPaths = { wasm: String(wasm) };
  return openSession(ort, bytes, { executionProviders: ['wasm'] });
}

/** With the faster kernel; the caller's bytes stay as they are. */
function tuned(wasm: Uint8Array): Uint8Array {
  const copy = wasm.slice();
  tune(copy);
  return copy;
}

function threadsHere(): { threads: number; notes: string[] } {
  if (globalThis.crossOriginIsolated) return { threads: navigator.hardwareConcurrency, notes: [] };
  return { threads: 1, notes: ['no cross-origin isolation (COOP and COEP headers): one thread'] };
}
