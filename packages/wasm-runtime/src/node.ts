/** @module The location of ONNX Runtime's WebAssembly and its script, for Node, Bun and Deno. */

/** The `file:` URL of the runtime's script (CommonJS), which finds its WebAssembly beside it. */
export function scriptUrl(): URL {
  return new URL('./ort.node.min.cjs', import.meta.url);
}
