import type { OrtWasm } from './ort.ts';

/**
 * Starts ONNX Runtime from an already compiled WebAssembly module, which all workers of a page share and which workerd
 * requires, since it cannot compile at run time. onnxruntime-web 1.30 only accepts bytes, not a compiled module. So it
 * gets placeholder bytes, and while it starts, `WebAssembly.instantiate` of any bytes returns this module instead.
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
