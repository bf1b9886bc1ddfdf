/** Numbers in a shape, row-major. `dims` multiply to `data.length`. */
export type Tensor =
  | { readonly type: 'float32'; readonly dims: readonly number[]; readonly data: Float32Array }
  | { readonly type: 'int32'; readonly dims: readonly number[]; readonly data: Int32Array }
  | { readonly type: 'int64'; readonly dims: readonly number[]; readonly data: BigInt64Array }
  | { readonly type: 'uint8' | 'bool'; readonly dims: readonly number[]; readonly data: Uint8Array };

export interface TensorInfo {
  readonly name: string;
  readonly type: Tensor['type'];
  /** A string stands for a dimension that the caller chooses, such as `N`. */
  readonly dims: readonly (number | string)[];
}

/** An ONNX file in memory. */
export interface ModelFile {
  /** For messages, such as `fast-cnn@0.1.0`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface LoadOptions {
  /** Runs that may go on side by side, each single-threaded; ≥ 1. A backend may offer fewer (see `Model.concurrency`). */
  readonly workers?: number;
  readonly signal?: AbortSignal;
}

export interface RunOptions {
  /** Rejects the call with `aborted`. A run that has begun natively finishes in the background and its result is dropped. */
  readonly signal?: AbortSignal;
}

/** A loaded network. Calls may overlap; each is answered once. */
export interface Model {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** How many runs proceed at once; keep about this many in flight. */
  readonly concurrency: number;
  /**
   * Runs the network once. The buffers of `feeds` are handed over: they may be detached by the call.
   * @throws `model-incompatible` for feeds of the wrong name, type or shape; `aborted`; `closed`;
   *   `backend-failed` when the session or its worker died (the call may be tried again).
   */
  run(feeds: Readonly<Record<string, Tensor>>, options?: RunOptions): Promise<Record<string, Tensor>>;
  /** Waits for running calls, then frees the sessions. Later calls throw `closed`. Safe to call twice. */
  close(): Promise<void>;
}

/** What a backend can use here, and why not more. */
export interface BackendCapabilities {
  readonly workers: number;
  readonly threads: number;
  readonly simd: boolean;
  readonly gpu: boolean;
  /** Reasons for whatever is missing, such as "no cross-origin isolation: one thread". */
  readonly notes: readonly string[];
}

/** What a runtime must provide, and nothing more. */
export interface Backend {
  /** The version of this contract that it implements (`SPEC_VERSION`). Absent: 1. Others are refused. */
  readonly specVersion?: 1;
  /** `node` (native) or `wasm`, or a name of your own. */
  readonly name: string;
  capabilities(): Promise<BackendCapabilities>;
  /** @throws `backend-unavailable` when the runtime lacks what it needs; `model-incompatible` for bytes that are no model. */
  load(model: ModelFile, options?: LoadOptions): Promise<Model>;
}
