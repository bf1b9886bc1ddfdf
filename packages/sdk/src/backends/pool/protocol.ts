import type { Tensor, TensorInfo } from '../../contract/backend.ts';
import type { ErrorCode } from '../../contract/errors.ts';

/** What the pool asks of its worker, which answers each request once; the next is asked after that. */
export type Request =
  | { readonly kind: 'open'; readonly bytes: Uint8Array; readonly settings: Settings; readonly guard?: Int32Array }
  | { readonly kind: 'run'; readonly feeds: Tensors }
  | { readonly kind: 'stop' };

/** What a worker answers. After `stopped` it ends itself. */
export type Reply =
  | { readonly kind: 'opened'; readonly inputs: readonly TensorInfo[]; readonly outputs: readonly TensorInfo[] }
  | { readonly kind: 'result'; readonly outputs: Tensors }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'stopped' };

export type Tensors = Readonly<Record<string, Tensor>>;

/** `WebAssembly.Module` where the types of a DOM know it, so that programs without them compile as well. */
export type CompiledWasm = typeof globalThis extends { WebAssembly: { Module: new (...args: never[]) => infer M } }
  ? M
  : object;

/** What the backend's own worker understands, such as where its runtime lies. Structured clones of it are sent. */
export type Settings = Readonly<Record<string, string | number | boolean | CompiledWasm>>;

/** An error on its way between threads: classes do not survive the trip. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}
