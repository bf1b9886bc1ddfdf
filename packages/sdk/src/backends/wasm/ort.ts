import type { OrtModule } from '../pool/session.ts';

/** The subset of onnxruntime-web that is used. */
export type OrtWasm = OrtModule & {
  readonly env: {
    readonly wasm: { numThreads?: number | undefined; wasmBinary?: ArrayBufferLike | Uint8Array | undefined };
  };
};
