/** `WebAssembly.Module` where the types of a DOM know it, so that programs without them compile as well. */
type CompiledWasm = typeof globalThis extends { WebAssembly: { Module: new (...args: never[]) => infer M } }
  ? M
  : object;

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
}
