/** @module Where ONNX Runtime's WebAssembly lies, for pages: beside this script, where bundlers find it by this URL. */

/** The name of the file, and of the package that holds it: what to copy where a bundler does not. */
export const WASM_FILE = 'ort-wasm-simd-threaded.wasm';
export const PACKAGE = '@voiceflow-ml/wasm-runtime';

/** The address of the WebAssembly. */
export function wasmUrl(): URL {
  // A literal: bundlers look for exactly this form.
  return new URL('./ort-wasm-simd-threaded.wasm', import.meta.url);
}
