export interface WasmBackendOptions {
  /**
   * WebAssembly threads inside each session; default 1. Several runs side by side gain more from `workers`. More than
   * `capabilities().threads` falls back to what there is.
   */
  readonly threads?: number;
  /**
   * ONNX Runtime's `ort-wasm-simd-threaded.wasm`, where it is not found by itself. On edge workers (workerd) the
   * compiled module that an import gives, which is required there; in browsers its address or bytes, for when the
   * bundler does not serve it beside the script: as bytes it gets VoiceFlow's faster matrix product (README.md). Servers
   * find it by themselves, and tune it.
   */
  readonly wasm?: WebAssembly.Module | Uint8Array | string | URL;
}
