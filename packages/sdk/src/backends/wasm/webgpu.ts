import type { Backend } from '../../contract/backend.ts';
import { invalidOption } from '../../contract/errors.ts';
import { deviceError } from '../device.ts';
import { openSession } from '../pool/session.ts';
import { sessionBackend } from '../session-backend.ts';
import { inTurn } from './in-turn.ts';
import type { OrtWasm } from './with-module.ts';

const IMPORT = "import * as runtime from 'onnxruntime-web/webgpu' (npm install onnxruntime-web)";
const HINT =
  'omit `device` for WebAssembly on the CPU, or check that the browser and its settings allow WebGPU (a page ' +
  'on https or localhost; chrome://gpu)';

/**
 * ONNX Runtime on the GPU, called from the page's main thread, which mostly waits for the GPU. One run at a time. It
 * needs another build of the runtime, twice as large, which the page imports itself.
 * @throws `invalid-option` without a runtime.
 */
export function webgpuBackend(runtime: OrtWasm | undefined): Backend {
  if (runtime?.InferenceSession === undefined) {
    throw invalidOption(
      'the device webgpu needs the WebGPU build of ONNX Runtime as `runtime`',
      `${IMPORT}; wasmBackend({ device: 'webgpu', runtime })`,
    );
  }
  return sessionBackend({
    name: 'webgpu',
    async capabilities() {
      const missing = await unavailableReason();
      return { workers: 1, threads: 1, simd: true, gpu: missing === undefined, notes: missing ? [missing] : [] };
    },
    async open(bytes) {
      const missing = await unavailableReason();
      if (missing !== undefined) throw deviceError('webgpu', missing, HINT);
      runtime.env.wasm.numThreads ??= 1;
      // It can only start or run one session at a time.
      const session = await inTurn(() => openSession(runtime, bytes, { executionProviders: ['webgpu'] }));
      return { ...session, run: (feeds) => inTurn(() => session.run(feeds)) };
    },
  });
}

/** The subset of `navigator.gpu` that is used: DOM types do not always include it. */
interface Gpu {
  requestAdapter(): Promise<object | null>;
}

/** The reason why this page cannot use a GPU, or undefined if it can. */
async function unavailableReason(): Promise<string | undefined> {
  const { gpu } = (globalThis.navigator ?? {}) as { readonly gpu?: Gpu };
  if (!gpu) return 'navigator.gpu is missing';
  const adapter = await gpu.requestAdapter().catch(() => null);
  return adapter ? undefined : 'the browser has no GPU adapter';
}
