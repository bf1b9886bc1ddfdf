import type {
  LiveEndOptions,
  LiveEvent,
  LiveOptions,
  ModelManifest,
  Progress,
  VoiceFlowError,
} from 'voiceflow-ml/core';

/**
 * What is asked of a worker, for one request or one try of a job (`packages/jobs`). `body` travels beside it;
 * everything here is small and structured-cloneable.
 */
export interface Task {
  readonly kind: 'infer' | 'diarize' | 'embed' | 'tensors';
  /** The request's `Content-Type`, as it came. */
  readonly contentType: string;
  /** The form of the answer, chosen from `Accept`. */
  readonly output: TaskOutput;
  /** Options as they came in the query: checked by the worker, together with a form's fields. */
  readonly params: Readonly<Record<string, string>>;
  readonly maxSeconds: number;
  /** A recording that is a file already, for a worker on the same machine; the body is empty then. */
  readonly file?: string;
  /** `tensors`: the request's `Inference-Header-Content-Length`, when it had one. */
  readonly headerLength?: number;
}

export type TaskOutput = 'json' | 'binary' | 'rttm' | 'srt' | 'vtt';

/** The two queues: one window each (milliseconds), and whole recordings (seconds). */
export type Lane = 'infer' | 'recording';

/** The answer, as bytes that go to the client as they are. Milliseconds in `timings`. */
export interface TaskReply {
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly timings: Readonly<Record<string, number>>;
  /** Seconds of audio worked on, for the metrics. */
  readonly audioSeconds: number;
}

export interface TaskContext {
  /** Fires when the client left or the deadline passed: the task should stop and throw. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Workers that may die over the task before it is given up; three where it is not said. */
  readonly attempts?: number;
  /** Told that a worker was lost to this very task: it crashed in it, or had to be killed since it did not stop. */
  readonly onBlame?: (() => void) | undefined;
}

/** What `/v1/stream` takes: the session's options, and how the samples are written. */
export interface LiveRequest extends Omit<LiveOptions, 'signal'> {
  readonly encoding: 's16le' | 'f32le';
}

export type LiveMessage =
  | LiveEvent
  | { readonly type: 'end'; readonly result: unknown }
  | { readonly type: 'error'; readonly code: string; readonly message: string; readonly hint?: string };

/** A live session somewhere in a worker. */
export interface LiveChannel {
  /** Bytes of PCM in the request's encoding, in any number. Resolves when they have been worked off. */
  push(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** The last events come, then `end` with the result. */
  end(options: LiveEndOptions): void;
  /** Drops the session; nothing comes any more. Safe to call twice. */
  close(): void;
}

export interface EngineInfo {
  readonly manifest: ModelManifest;
  /** Name of the backend that runs the network. */
  readonly backend: string;
  /** Tasks of each lane that proceed at once now; fewer while a worker restarts. */
  readonly slots: Readonly<Record<Lane, number>>;
}

/**
 * Runs tasks somewhere that is not the event loop of the app. Every `run` settles: with the reply, or with a
 * `VoiceFlowError` (`backend-failed` when workers died as often as a task is tried).
 */
export interface Engine {
  /** Known once `ready` is true. */
  readonly info: EngineInfo | undefined;
  /** At least one worker has its model and takes tasks. */
  readonly ready: boolean;
  /** Why no worker is there nor will come soon; undefined while there is one, or while one may be about to come. */
  readonly failure?: VoiceFlowError | undefined;
  /** Calls back whenever `ready` or the slots changed. */
  onChange(listener: () => void): void;
  /** The chunks of `body` are handed over; their buffers may be detached. */
  run(task: Task, body: readonly Uint8Array<ArrayBuffer>[], context: TaskContext): Promise<TaskReply>;
  /** Messages stop after `end` or `error`. @throws `invalid-option`; `backend-unavailable` while no worker is there. */
  open(request: LiveRequest, onMessage: (message: LiveMessage) => void): Promise<LiveChannel>;
  /** Waits for running tasks, then frees everything. */
  close(): Promise<void>;
}
