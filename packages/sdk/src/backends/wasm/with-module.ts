import type { OrtWasm } from './ort.ts';

/**
 * Starts ONNX Runtime from WebAssembly that is compiled already: shared by all workers of a page, and the only way on
 * workerd, which compiles none at run time. onnxruntime-web 1.30 cannot take a compiled module; it instantiates bytes.
 * So while it starts, instantiation of any bytes gives this module instead (the bytes are a placeholder of ours).
 */
export async function withModule<T>(
  ort: OrtWasm,
  module: WebAssembly.Module,
  threads: number,
  start: () => Promise<T>,
): Promise<T> {
  const { instantiate } = WebAssembly;
  const substitute = async (source: BufferSource | WebAssembly.Module, imports?: WebAssembly.Imports) =>
    source instanceof WebAssembly.Module
      ? instantiate.call(WebAssembly, source, imports)
      : { module, instance: await instantiate.call(WebAssembly, module, imports) };
  WebAssembly.instantiate = substitute as typeof WebAssembly.instantiate;
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmBinary = new ArrayBuffer(8);
  try {
    return await start();
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}
