import { checkDevice, deviceError } from '../device.ts';
import type { CompiledWasm } from '../pool/protocol.ts';
import type { OrtWasm } from './ort.ts';

export interface WasmBackendOptions {
  /**
   * WebAssembly threads inside each session; default 1. Several runs side by side gain more from `workers`. More than
   * `capabilities().threads` falls back to what there is.
   */
  readonly threads?: number;
  /**
   * The file `ort-wasm-simd-threaded.wasm` of `@voiceflow-ml/wasm-runtime`, where it is not found by itself: its
   * address (in pages), its bytes, or the compiled module that an import gives on edge workers (workerd), where it is
   * required. Bytes also let a single-file executable run (with one thread).
   */
  readonly wasm?: CompiledWasm | Uint8Array | string | URL;
  /** In pages: `false` runs the network in the page's own thread rather than in a Web Worker. */
  readonly worker?: boolean;
  /**
   * In pages: `webgpu` runs the network on the GPU (default `cpu`). Needs `runtime`; `load` throws
   * `backend-unavailable` where there is no adapter. Results agree with the CPU's to rounding.
   */
  readonly device?: 'cpu' | 'webgpu';
  /**
   * In pages, for `device: 'webgpu'`: the module `onnxruntime-web/webgpu`, which the page imports itself (27 MB of
   * WebAssembly, 6.6 MB gzipped; it is not among VoiceFlow's dependencies).
   */
  readonly runtime?: OrtWasm;
}

/** Outside of pages. @throws `invalid-option`; `backend-unavailable` for any device but the CPU. */
export function checkCpu({ device = 'cpu' }: WasmBackendOptions): void {
  if (checkDevice(device) === 'cpu') return;
  throw deviceError(device, 'WebAssembly runs on the processor here', 'nodeBackend({ device }) has devices');
}
