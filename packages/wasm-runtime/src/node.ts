/** @module Where ONNX Runtime's WebAssembly and its script lie, for Node, Bun and Deno. */

/** The `file:` URL of the runtime's script (CommonJS), which finds its WebAssembly beside it. */
export function scriptUrl(): URL {
  return new URL('./ort.node.min.cjs', import.meta.url);
}
