/** @module ONNX Runtime WebAssembly for workerd (Cloudflare Workers). */

import * as ort from 'onnxruntime-web/wasm';
import type { Backend } from '../../contract/backend.ts';
import { VoiceFlowError } from '../../contract/errors.ts';
import { inlineThread } from '../pool/inline-thread.ts';
import { checkThreads } from '../pool/options.ts';
import { openPool } from '../pool/pool.ts';
import { openSession } from '../pool/session.ts';
import { inTurn } from './in-turn.ts';
import type { WasmBackendOptions } from './options.ts';

export type { WasmBackendOptions } from './options.ts';
export { tune } from './tuning/tune.ts';

/**
 * One session, one run at a time. workerd compiles no WebAssembly at run time, so the module must be handed in:
 * `import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm'`, then `wasmBackend({ wasm })`. Load in a request,
 * not at module scope.
 */
export function wasmBackend({ wasm }: WasmBackendOptions = {}): Backend {
  return {
    name: 'wasm',
    async capabilities() {
      return { workers: 1, threads: 1, simd: true, gpu: false, notes: ['workerd has no threads: one run at a time'] };
    },
    async load(model, { workers = 1, signal } = {}) {
      checkThreads('workers', workers);
      if (!(wasm instanceof WebAssembly.Module)) {
        throw new VoiceFlowError(
          'backend-unavailable',
          'workerd needs the compiled WebAssembly module of ONNX Runtime',
          {
            hint: "import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm' and pass it: wasmBackend({ wasm })",
          },
        );
      }
      const open = (bytes: Uint8Array) =>
        inTurn(() => withModule(wasm, () => openSession(ort, bytes, { executionProviders: ['wasm'] })));
      // Microtasks: a timer would belong to the request that set it, while the session serves them all.
      const spawn = () => inlineThread(open, queueMicrotask);
      return openPool({ model, workers: 1, settings: {}, spawn, signal });
    },
  };
}

/**
 * onnxruntime-web 1.30 has no way to take a compiled module; it instantiates bytes, which workerd forbids. So while
 * it starts, instantiation of any bytes gives this module instead (the bytes are a placeholder of ours).
 */
async function withModule<T>(module: WebAssembly.Module, start: () => Promise<T>): Promise<T> {
  const { instantiate } = WebAssembly;
  const substitute = async (source: BufferSource | WebAssembly.Module, imports?: WebAssembly.Imports) =>
    source instanceof WebAssembly.Module
      ? instantiate.call(WebAssembly, source, imports)
      : { module, instance: await instantiate.call(WebAssembly, module, imports) };
  WebAssembly.instantiate = substitute as typeof WebAssembly.instantiate;
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = new ArrayBuffer(8);
  try {
    return await start();
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}
