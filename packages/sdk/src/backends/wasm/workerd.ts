/** @module ONNX Runtime WebAssembly for workerd (Cloudflare Workers). */

import type { Backend } from '../../contract/backend.ts';
import { VoiceFlowError } from '../../contract/errors.ts';
import { sessionBackend } from '../session-backend.ts';
import { openHere } from './embedded.ts';
import { checkCpu, type WasmBackendOptions } from './options.ts';

export type { WasmBackendOptions } from './options.ts';

/**
 * ONNX Runtime WebAssembly with one session and one run at a time. workerd cannot compile WebAssembly at run time, so
 * the module must be passed: `import wasm from '@voiceflow-ml/wasm-runtime/ort-wasm-simd-threaded.wasm'`, then
 * `wasmBackend({ wasm })`. Load models in a request, not at module scope.
 */
export function wasmBackend(options: WasmBackendOptions = {}): Backend {
  checkCpu(options);
  const { wasm } = options;
  return sessionBackend({
    name: 'wasm',
    async capabilities() {
      return { workers: 1, threads: 1, simd: true, gpu: false, notes: ['workerd has no threads: one run at a time'] };
    },
    async open(bytes) {
      if (!(wasm instanceof WebAssembly.Module)) {
        throw new VoiceFlowError(
          'backend-unavailable',
          'workerd needs the compiled WebAssembly module of ONNX Runtime',
          {
            hint: "import wasm from '@voiceflow-ml/wasm-runtime/ort-wasm-simd-threaded.wasm' and pass it: wasmBackend({ wasm })",
          },
        );
      }
      return openHere(wasm, bytes);
    },
    // Microtasks, because a timer would belong to the request that set it, while the session serves all requests.
    defer: queueMicrotask,
  });
}
