import { type OrtModule, openSession, type Session } from '../pool/session.ts';

/** The subset of onnxruntime-web that is used. */
export type OrtWasm = OrtModule & {
  readonly env: {
    readonly wasm: { numThreads?: number | undefined; wasmBinary?: ArrayBufferLike | Uint8Array | undefined };
  };
};

/**
 * Opens a session of ONNX Runtime from an already compiled WebAssembly module, which all workers of a page share and
 * which workerd requires, since it cannot compile at run time. onnxruntime-web 1.30 only accepts bytes, not a compiled
 * module. So it gets placeholder bytes, and while it starts, `WebAssembly.instantiate` of these returns the module.
 */
export async function openWithModule(
  ort: OrtWasm,
  module: unknown,
  threads: number,
  bytes: Uint8Array,
): Promise<Session> {
  if (!(module instanceof WebAssembly.Module)) throw new Error('the worker received no WebAssembly');
  const { instantiate } = WebAssembly;
  const substitute = async (source: BufferSource | WebAssembly.Module, imports?: WebAssembly.Imports) =>
    isPlaceholder(source)
      ? { module, instance: await instantiate.call(WebAssembly, module, imports) }
      : instantiate.call(WebAssembly, source as WebAssembly.Module, imports);
  WebAssembly.instantiate = substitute as typeof WebAssembly.instantiate;
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmBinary = new ArrayBuffer(PLACEHOLDER);
  try {
    return await openSession(ort, bytes, { executionProviders: ['wasm'] });
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}

/** Zeros, unlike WebAssembly, whose second byte is the letter a: nobody else instantiates them. */
const PLACEHOLDER = 8;

function isPlaceholder(source: BufferSource | WebAssembly.Module): boolean {
  if (source instanceof WebAssembly.Module || source.byteLength !== PLACEHOLDER) return false;
  return new Uint8Array(ArrayBuffer.isView(source) ? source.buffer : source)[1] === 0;
}
