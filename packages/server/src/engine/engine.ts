import type {
  LiveEndOptions,
  LiveEvent,
  LiveOptions,
  ModelManifest,
  Progress,
  VoiceFlowError,
} from 'voiceflow-ml/core';

/**
 * The work of a worker for one request or one try of a job (`packages/jobs`). The body is sent separately; everything
 * here is small and structured-cloneable.
 */
export interface Task {
  readonly kind: 'infer' | 'diarize' | 'embed' | 'tensors';
  readonly contentType: string;
  /** The format of the response, chosen by `Accept`. */
  readonly output: TaskOutput;
  /** Options in the query, unchecked. The worker checks them, together with a form's fields. */
  readonly params: Readonly<Record<string, string>>;
  readonly maxSeconds: number;
  /** Path of the recording, if it is a file on the worker's machine; the body is then empty. */
  readonly file?: string;
  /** `tensors`: the request's `Inference-Header-Content-Length`, when it had one. */
  readonly headerLength?: number;
}

export type TaskOutput = 'json' | 'binary' | 'rttm' | 'srt' | 'vtt';

/** The media types of results as text. */
export const TEXT_TYPES = {
  json: 'application/json',
  rttm: 'text/plain; charset=utf-8; format=rttm',
  srt: 'application/x-subrip; charset=utf-8',
  vtt: 'text/vtt; charset=utf-8',
} as const;

/** The two queues: for single windows, which take milliseconds, and for recordings, which take seconds. */
export type Lane = 'infer' | 'recording';

export function laneOf({ kind }: Task): Lane {
  return kind === 'infer' || kind === 'tensors' ? 'infer' : 'recording';
}

/** The response, with the bytes to send to the client. `timings` are in milliseconds. */
export interface TaskReply {
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly timings: Readonly<Record<string, number>>;
  /** Seconds of processed audio, for the metrics. */
  readonly audioSeconds: number;
}

export interface TaskContext {
  /** Fires when the client disconnected or the deadline passed. The task should then stop and throw. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Number of tries when workers die during the task; default 3. */
  readonly attempts?: number;
  /**
   * Called when this task is to blame for a lost worker: it crashed the worker or did not stop and had to be killed.
   */
  readonly onBlame?: (() => void) | undefined;
}

/** The options of `/v1/stream`: those of the session, and the encoding of the samples. */
export interface LiveRequest extends Omit<LiveOptions, 'signal'> {
  readonly encoding: 's16le' | 'f32le';
}

export type LiveMessage =
  | LiveEvent
  | { readonly type: 'end'; readonly result: unknown }
  | { readonly type: 'error'; readonly code: string; readonly message: string; readonly hint?: string };

/** A live session in a worker. */
export interface LiveChannel {
  /** Pushes any number of bytes of PCM in the request's encoding. Resolves when they have been processed. */
  push(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Ends the session: the last events are sent, then `end` with the result. */
  end(options: LiveEndOptions): void;
  /** Drops the session; no more messages are sent. May be called twice. */
  close(): void;
}

export interface EngineInfo {
  readonly manifest: ModelManifest;
  /** Name of the network's backend. */
  readonly backend: string;
  /** Current number of concurrent tasks per lane; lower while a worker restarts. */
  readonly slots: Readonly<Record<Lane, number>>;
}

/**
 * Runs tasks outside the app's event loop. Every `run` settles with the reply or with a `VoiceFlowError`
 * (`backend-failed` when a worker died in every try).
 */
export interface Engine {
  /** Defined once `ready` is true. */
  readonly info: EngineInfo | undefined;
  /** Whether at least one worker has loaded its model and accepts tasks. */
  readonly ready: boolean;
  /** Why there is no worker and none is expected soon; undefined while there is one or one may be starting. */
  readonly failure?: VoiceFlowError | undefined;
  /** Calls back whenever `ready` or the slots change. */
  onChange(listener: () => void): void;
  /** Takes ownership of the chunks of `body`; their buffers may be detached. */
  run(task: Task, body: readonly Uint8Array<ArrayBuffer>[], context: TaskContext): Promise<TaskReply>;
  /**
   * Opens a live session. `end` or `error` is its last message.
   * @throws `invalid-option`; `backend-unavailable` while there is no worker.
   */
  open(request: LiveRequest, onMessage: (message: LiveMessage) => void): Promise<LiveChannel>;
  /** Waits for running tasks, then frees everything. */
  close(): Promise<void>;
}
