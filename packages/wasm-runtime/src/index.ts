/**
 * @module The location of ONNX Runtime's WebAssembly for pages: beside this script, where bundlers find it by its URL.
 */

/** The name of the file and of its package, for messages: without a bundler that does it, the file must be copied. */
export const WASM_FILE = 'ort-wasm-simd-threaded.wasm';
export const PACKAGE = '@voiceflow-ml/wasm-runtime';

/** The address of the WebAssembly. */
export function wasmUrl(): URL {
  // Bundlers recognize only this form with a literal.
  return new URL('./ort-wasm-simd-threaded.wasm', import.meta.url);
}
