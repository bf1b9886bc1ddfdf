import { checkDevice, deviceError } from '../device.ts';
import type { CompiledWasm } from '../pool/protocol.ts';
import type { OrtWasm } from './with-module.ts';

export interface WasmBackendOptions {
  /**
   * WebAssembly threads in each session; default 1. For parallel runs, more `workers` give a larger speedup. Limited to
   * `capabilities().threads`.
   */
  readonly threads?: number;
  /**
   * The file `ort-wasm-simd-threaded.wasm` of `@voiceflow-ml/wasm-runtime`, if it is not found automatically: its URL
   * or path, its bytes, or the compiled module that an import returns on edge workers (workerd), where it is required.
   * Bytes also make single-file executables possible (with one thread).
   */
  readonly wasm?: CompiledWasm | Uint8Array | string | URL;
  /** In pages: `false` runs the network in the page's main thread instead of a Web Worker. */
  readonly worker?: boolean;
  /**
   * In pages: `webgpu` runs the network on the GPU (default `cpu`). Needs `runtime`; `load` throws
   * `backend-unavailable` if there is no adapter. Results equal those of the CPU up to rounding.
   */
  readonly device?: 'cpu' | 'webgpu';
  /**
   * In pages, for `device: 'webgpu'`: the module `onnxruntime-web/webgpu`, which the page imports itself (27 MB of
   * WebAssembly, 6.6 MB gzipped; it is not among VoiceFlow's dependencies).
   */
  readonly runtime?: OrtWasm;
}

/** Checks the device outside of pages. @throws `invalid-option`; `backend-unavailable` for any device but the CPU. */
export function checkCpu({ device = 'cpu' }: WasmBackendOptions): void {
  if (checkDevice(device) === 'cpu') return;
  throw deviceError(device, 'WebAssembly runs on the CPU here', 'use nodeBackend({ device }) for other devices');
}
