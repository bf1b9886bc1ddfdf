/** A tensor in row-major order. The product of `dims` equals `data.length`. */
export type Tensor =
  | { readonly type: 'float32'; readonly dims: readonly number[]; readonly data: Float32Array }
  | { readonly type: 'int32'; readonly dims: readonly number[]; readonly data: Int32Array }
  | { readonly type: 'int64'; readonly dims: readonly number[]; readonly data: BigInt64Array }
  | { readonly type: 'uint8' | 'bool'; readonly dims: readonly number[]; readonly data: Uint8Array };

export interface TensorInfo {
  readonly name: string;
  readonly type: Tensor['type'];
  /** A string is a dynamic dimension that the caller chooses, such as `N`. */
  readonly dims: readonly (number | string)[];
}

/** An ONNX file in memory. */
export interface ModelFile {
  /** Name for messages, such as `fast-cnn@0.1.0`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface LoadOptions {
  /** Number of parallel runs, ≥ 1, each single-threaded. A backend may offer fewer (see `Model.concurrency`). */
  readonly workers?: number;
  readonly signal?: AbortSignal;
}

export interface RunOptions {
  /**
   * Aborting it rejects the call with `aborted`. A native run that has already started finishes in the background, and
   * its result is discarded.
   */
  readonly signal?: AbortSignal;
}

/** A loaded network. Calls may overlap. */
export interface Model {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Number of runs that execute in parallel. Keep about this many calls in flight. */
  readonly concurrency: number;
  /**
   * Runs the network once. Takes ownership of the buffers of `feeds`: the call may detach them, or `spare` may return
   * them.
   * @throws `model-incompatible` for feeds of the wrong name, type or shape; `aborted`; `closed`;
   *   `backend-failed` when the session or its worker died (the call may be retried).
   */
  run(feeds: Readonly<Record<string, Tensor>>, options?: RunOptions): Promise<Record<string, Tensor>>;
  /**
   * Returns the buffer of an earlier run's feeds, if there is one of this length, with any content. The caller owns it.
   * This saves the cost of new memory for each run. Optional.
   */
  spare?(length: number): Float32Array<ArrayBuffer> | undefined;
  /** Waits for running calls, then frees the sessions. Later calls throw `closed`. Safe to call twice. */
  close(): Promise<void>;
}

/** What a backend can use in this environment. */
export interface BackendCapabilities {
  readonly workers: number;
  readonly threads: number;
  readonly simd: boolean;
  readonly gpu: boolean;
  /** Reasons for missing capabilities, such as "no cross-origin isolation: one thread". */
  readonly notes: readonly string[];
}

/** Loads and runs networks. This is all that a runtime must provide. */
export interface Backend {
  /** Version of this contract that the backend implements (`SPEC_VERSION`). Default 1; other versions are rejected. */
  readonly specVersion?: 1;
  /** `node` (native), `wasm`, or any other name for a custom backend. */
  readonly name: string;
  capabilities(): Promise<BackendCapabilities>;
  /**
   * @throws `backend-unavailable` if the runtime lacks a requirement; `model-incompatible` if it cannot load the bytes.
   */
  load(model: ModelFile, options?: LoadOptions): Promise<Model>;
}
