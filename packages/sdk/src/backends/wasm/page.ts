/** @module ONNX Runtime WebAssembly for browsers. Servers and workerd have separate entries (package.json). */
import { PACKAGE, WASM_FILE, wasmUrl } from '@voiceflow-ml/wasm-runtime';
import type { Backend } from '../../contract/backend.ts';
import { throwIfAborted, VoiceFlowError } from '../../contract/errors.ts';
import { abortable } from '../../contract/on-abort.ts';
import { bytesOf, fetchPackageFile, looksLikeHtml } from '../../contract/package-file.ts';
import { checkDevice, deviceError } from '../device.ts';
import { messageOf } from '../pool/failure.ts';
import { inlineThread } from '../pool/inline-thread.ts';
import { checkThreads } from '../pool/options.ts';
import { openPool } from '../pool/pool.ts';
import { webThread } from '../pool/thread.ts';
import { script } from './embedded-worker.ts?script';
import type { WasmBackendOptions } from './options.ts';
import { firstWorker, newWorker } from './start-worker.ts';
import { webgpuBackend } from './webgpu.ts';

export type { WasmBackendOptions } from './options.ts';

/**
 * ONNX Runtime WebAssembly in Web Workers, so that runs do not block the page. Workers start when runs overlap, up to
 * `workers` (default 1; each takes about 40 MB). If a Content-Security-Policy forbids workers from a `blob:` URL
 * (`worker-src blob:`), or with `worker: false`, it runs in the page's main thread, one run at a time. With
 * `device: 'webgpu'` and its `runtime`, the network runs on the GPU.
 * @throws `invalid-option` for an unknown device, or `webgpu` without a runtime; `backend-unavailable` for a device
 *   that pages do not have.
 */
export function wasmBackend(options: WasmBackendOptions = {}): Backend {
  const device = checkDevice(options.device ?? 'cpu');
  if (device === 'webgpu') return webgpuBackend(options.runtime);
  if (device !== 'cpu') throw deviceError(device, 'pages support cpu and webgpu', 'see `device` of wasmBackend');
  return {
    name: 'wasm',
    async capabilities() {
      const { threads, notes } = threadsHere();
      const workers = options.worker === false || typeof Worker !== 'function' ? 1 : processors();
      return { workers, threads, simd: true, gpu: false, notes };
    },
    async load(model, { workers = 1, signal } = {}) {
      checkThreads('workers', workers);
      const threads = Math.min(checkThreads('threads', options.threads ?? 1), threadsHere().threads);
      throwIfAborted(signal);
      const module = await compiled(options.wasm, signal);
      const first = options.worker === false ? undefined : await firstWorker(script);
      if (first === undefined) {
        const { openHere } = await import('./embedded.ts');
        const spawn = () => inlineThread((bytes) => openHere(module, bytes), setTimeout);
        return openPool({ model, workers: 1, settings: {}, spawn, signal });
      }
      const waiting = [first];
      try {
        return await openPool({
          model,
          workers: Math.min(workers, processors()),
          settings: { module, threads },
          spawn: () => webThread(waiting.pop() ?? newWorker(script), { killable: true }),
          signal,
        });
      } finally {
        // Still there if the load was aborted or refused before its start.
        waiting.pop()?.terminate();
      }
    },
  };
}

let own: Promise<WebAssembly.Module> | undefined;

/** The runtime, compiled once for all workers. */
async function compiled(wasm: WasmBackendOptions['wasm'], signal?: AbortSignal): Promise<WebAssembly.Module> {
  if (wasm instanceof WebAssembly.Module) return wasm;
  if (wasm instanceof Uint8Array) return compile(wasm as Uint8Array<ArrayBuffer>);
  if (wasm !== undefined) return fetched(new URL(String(wasm), globalThis.location?.href), signal);
  // Without the signal: another load may wait for it too.
  own ??= fetched(wasmUrl()).catch((error: unknown) => {
    own = undefined;
    throw error;
  });
  return abortable(own, signal);
}

function fetched(url: URL, signal?: AbortSignal): Promise<WebAssembly.Module> {
  const file = {
    what: 'the WebAssembly of ONNX Runtime',
    url,
    packageName: PACKAGE,
    path: `dist/${WASM_FILE}`,
    instead: 'wasmBackend({ wasm: addressOrBytes })',
  };
  return fetchPackageFile(file, async (response) => compile(await bytesOf(response)), signal).catch((cause) => {
    if (!VoiceFlowError.isInstance(cause) || cause.code !== 'model-not-found') throw cause;
    const { message, hint } = cause;
    throw new VoiceFlowError('backend-unavailable', message, { cause, hint });
  });
}

async function compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  if (!WebAssembly.validate(bytes.subarray(0, 8))) {
    throw new Error(`received ${bytes.length} bytes that are not WebAssembly${looksLikeHtml(bytes) ? ' (HTML)' : ''}`);
  }
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    const message = `WebAssembly cannot be compiled here: ${messageOf(cause)}`;
    throw new VoiceFlowError('backend-unavailable', message, {
      hint: "a Content-Security-Policy needs 'wasm-unsafe-eval' in script-src",
      cause,
    });
  }
}

function processors(): number {
  return globalThis.navigator?.hardwareConcurrency ?? 1;
}

function threadsHere(): { threads: number; notes: string[] } {
  if (globalThis.crossOriginIsolated) return { threads: processors(), notes: [] };
  return { threads: 1, notes: ['no cross-origin isolation (COOP and COEP headers): one thread'] };
}
