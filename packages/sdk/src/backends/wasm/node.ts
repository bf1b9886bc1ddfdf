/** @module ONNX Runtime WebAssembly in worker threads, for Node, Bun and Deno. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { scriptUrl } from '@voiceflow-ml/wasm-runtime/node';
import type { Backend } from '../../contract/backend.ts';
import { throwIfAborted, VoiceFlowError } from '../../contract/errors.ts';
import { SPEC_VERSION } from '../../contract/version.ts';
import { messageOf } from '../pool/failure.ts';
import { checkThreads, defaultWorkers } from '../pool/options.ts';
import { openPool } from '../pool/pool.ts';
import type { Settings } from '../pool/protocol.ts';
import { spawnThread } from '../pool/spawn.ts';
import { script as embedded } from './embedded-server-worker.ts?script';
import { script as installed } from './installed-worker.ts?script';
import { checkCpu, type WasmBackendOptions } from './options.ts';

export type { WasmBackendOptions } from './options.ts';

/**
 * ONNX Runtime WebAssembly with one session per worker: about four times slower than native, with nothing to install
 * and the same results (within 1e-6). Workers start as in `nodeBackend`. The worker of an aborted run that does not end
 * is killed, which is safe without native code. With the option `wasm`, nothing is read from the installed packages,
 * for programs that are bundled into one file.
 */
export function wasmBackend(options: WasmBackendOptions = {}): Backend {
  checkCpu(options);
  return {
    specVersion: SPEC_VERSION,
    name: 'wasm',
    async capabilities() {
      const processors = availableParallelism();
      const notes = ['no GPU: WebAssembly runs on the CPU'];
      const threads = options.wasm === undefined ? processors : 1;
      return { workers: processors, threads, simd: true, gpu: false, notes };
    },
    async load(model, { workers = defaultWorkers(availableParallelism()), signal } = {}) {
      const threads = Math.min(checkThreads('threads', options.threads ?? 1), availableParallelism());
      const { wasm } = options;
      const settings = wasm === undefined ? await installedSettings(threads) : { module: await compiled(wasm) };
      throwIfAborted(signal);
      const spawn = () => spawnThread(wasm === undefined ? installed : embedded, false);
      return openPool({ model, workers: checkThreads('workers', workers), settings, spawn, signal });
    },
  };
}

/** The URL of the runtime's script, resolved here because the worker's script has no file path to resolve from. */
function locate(): URL {
  const url = scriptUrl();
  if (existsSync(url)) return url;
  throw notUsable(`is not at ${fileURLToPath(url)}`);
}

async function installedSettings(threads: number): Promise<Settings> {
  const script = locate();
  return { script: script.href, module: await installedModule(script), threads };
}

let own: Promise<WebAssembly.Module> | undefined;

/**
 * The installed runtime, compiled once for all workers of this process: compiling it in each worker would take seconds
 * of CPU time and a few hundred megabytes that the C library does not return.
 */
function installedModule(script: URL): Promise<WebAssembly.Module> {
  own ??= compiledFile(new URL('ort-wasm-simd-threaded.wasm', script)).catch((cause: unknown) => {
    own = undefined;
    throw notUsable(`cannot be used: ${messageOf(cause)}`, cause);
  });
  return own;
}

function notUsable(why: string, cause?: unknown): VoiceFlowError {
  return new VoiceFlowError('backend-unavailable', `ONNX Runtime's WebAssembly ${why}`, {
    hint:
      'exclude @voiceflow-ml/wasm-runtime from the bundle (external), or pass its file ' +
      'dist/ort-wasm-simd-threaded.wasm: wasmBackend({ wasm: bytes })',
    cause,
  });
}

async function compiled(wasm: NonNullable<WasmBackendOptions['wasm']>): Promise<WebAssembly.Module> {
  if (wasm instanceof WebAssembly.Module) return wasm;
  try {
    if (!(wasm instanceof Uint8Array)) return await compiledFile(fileOf(String(wasm)));
    return await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>);
  } catch (cause) {
    throw new VoiceFlowError(
      'backend-unavailable',
      `the WebAssembly of the option wasm cannot be used: ${messageOf(cause)}`,
      { hint: 'pass dist/ort-wasm-simd-threaded.wasm of @voiceflow-ml/wasm-runtime: its path or its bytes', cause },
    );
  }
}

async function compiledFile(file: URL): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(file));
}

function fileOf(wasm: string): URL {
  return wasm.startsWith('file:') ? new URL(wasm) : pathToFileURL(wasm);
}
