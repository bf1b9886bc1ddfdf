import type { Tensor, TensorInfo } from '../../contract/backend.ts';
import type { VoiceFlowError } from '../../contract/errors.ts';

/** Requests of the pool to a worker. Each gets one reply, and the next request is sent after that. */
export type Request =
  | { readonly kind: 'open'; readonly bytes: Uint8Array; readonly settings: Settings; readonly guard?: Int32Array }
  | { readonly kind: 'run'; readonly feeds: Tensors }
  | { readonly kind: 'stop' };

/** Replies of a worker. After `stopped`, the worker ends itself. */
export type Reply =
  | { readonly kind: 'opened'; readonly inputs: readonly TensorInfo[]; readonly outputs: readonly TensorInfo[] }
  | { readonly kind: 'result'; readonly outputs: Tensors; readonly spent: readonly ArrayBuffer[] }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'stopped' };

export type Tensors = Readonly<Record<string, Tensor>>;

/** `WebAssembly.Module`, or `object` in programs without the DOM's types, so that these compile as well. */
export type CompiledWasm = typeof globalThis extends { WebAssembly: { Module: new (...args: never[]) => infer M } }
  ? M
  : object;

/** Settings for the backend's worker script, such as the location of its runtime. Sent as structured clones. */
export type Settings = Readonly<Record<string, string | number | boolean | CompiledWasm>>;

/** An error as plain data for messages between threads, which do not preserve classes. */
export type Failure = Pick<VoiceFlowError, 'code' | 'message' | 'hint'>;
