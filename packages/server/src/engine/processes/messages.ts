import { type KnownVoice, type LiveEndOptions, type Progress, VoiceFlowError } from 'voiceflow-ml/core';
import type { EngineInfo, LiveMessage, LiveRequest, Task, TaskReply } from '../engine.ts';

/** The descriptor for the worker's frames, after the three standard streams and the shared memory. */
export const FRAMES_FD = 4;

/** Heads of the frames from the server to a worker. The server assigns ids and never reuses them for a worker. */
export type ToWorker =
  /**
   * Has the whole body, or (when `bytes` is larger than the frame's body) its first part; `more` frames bring the rest.
   * With a `slot`, the body is in the shared memory.
   */
  | { readonly type: 'task'; readonly id: number; readonly task: Task; readonly bytes: number; readonly slot?: number }
  | { readonly type: 'more'; readonly id: number }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'open'; readonly id: number; readonly request: WireLiveRequest }
  | { readonly type: 'push'; readonly id: number }
  | { readonly type: 'end'; readonly id: number; readonly options: LiveEndOptions }
  | { readonly type: 'drop'; readonly id: number };

/** Heads of the frames from a worker. */
export type FromWorker =
  | { readonly type: 'ready'; readonly info: Omit<EngineInfo, 'slots'> }
  | { readonly type: 'failed'; readonly error: WireError }
  | { readonly type: 'progress'; readonly id: number; readonly progress: Progress }
  | { readonly type: 'reply'; readonly id: number; readonly reply: Omit<TaskReply, 'body'> }
  | { readonly type: 'error'; readonly id: number; readonly error: WireError }
  | { readonly type: 'opened'; readonly id: number }
  /** A `push` has been processed. */
  | { readonly type: 'taken'; readonly id: number }
  | { readonly type: 'live'; readonly id: number; readonly message: LiveMessage };

/** A live request with the embeddings of known voices as plain numbers, for JSON. */
interface WireLiveRequest extends Omit<LiveRequest, 'known'> {
  readonly known?: readonly (Omit<KnownVoice, 'embedding'> & { readonly embedding: readonly number[] })[];
}

type WireError = Pick<VoiceFlowError, 'code' | 'message' | 'hint' | 'retryAfter'>;

/**
 * Converts anything thrown in a worker. What is not a `VoiceFlowError` is a defect, and a retry in another worker may
 * succeed.
 */
export function toWireError(error: unknown): WireError {
  if (VoiceFlowError.isInstance(error)) {
    const { code, message, hint, retryAfter } = error;
    return { code, message, hint, retryAfter };
  }
  return {
    code: 'backend-failed',
    message: `the worker failed: ${error instanceof Error ? error.message : String(error)}`,
  };
}

export function fromWireError({ code, message, ...details }: WireError): VoiceFlowError {
  return new VoiceFlowError(code, message, details);
}

export function toWireRequest({ known, ...rest }: LiveRequest): WireLiveRequest {
  if (known === undefined) return rest;
  return { ...rest, known: known.map((voice) => ({ ...voice, embedding: Array.from(voice.embedding) })) };
}

export function fromWireRequest({ known, ...rest }: WireLiveRequest): LiveRequest {
  if (known === undefined) return rest;
  return { ...rest, known: known.map((voice) => ({ ...voice, embedding: Float32Array.from(voice.embedding) })) };
}
