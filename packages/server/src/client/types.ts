import type {
  DiarizationJson,
  DiarizeOptions,
  LiveEvent,
  LiveOptions,
  SpeakerCountOptions,
  VoiceFlowError,
} from 'voiceflow-ml/core';
import type { DiarizeJson } from '../routes/diarize/schema.ts';
import type { JobOutput, VoiceOutput } from '../routes/jobs/schema.ts';
import type { RequestError } from './request-error.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds from the last byte of the body to the response, up to the limit of the server. */
  readonly deadlineMs?: number;
}

export interface ClientDiarizeOptions
  extends CallOptions,
    SpeakerCountOptions,
    Pick<DiarizeOptions, 'known' | 'falseNames' | 'onProgress'> {
  readonly exclusive?: boolean;
  /** Like `channels` of `diarize`; or a name for each channel, which separates them. */
  readonly channels?: 'mix' | 'separate' | number | readonly string[];
}

export interface ClientEmbedOptions extends CallOptions {
  /** The part of the recording with the voice, in seconds. */
  readonly segment?: { readonly start: number; readonly end: number };
}

/** Options of `jobs.submit`: those of `diarize` except those that require a waiting caller. */
export interface ClientSubmitOptions extends SpeakerCountOptions {
  readonly signal?: AbortSignal;
  readonly exclusive?: boolean;
  /** The file id in RTTM. */
  readonly uri?: string;
  /** Called when the job has succeeded or failed. */
  readonly webhook?: string;
  /** Kept with the job. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** -100 to 100; among the jobs of one API key, the highest is first. */
  readonly priority?: number;
  /** Recognize the voices enrolled on the server. */
  readonly voices?: boolean;
  /** Store the embeddings of the speakers. */
  readonly embeddings?: boolean;
  /** A repeated key returns the same job. */
  readonly idempotencyKey?: string;
  /**
   * Called before each pause after which the request is repeated, with the error and the milliseconds paused since the
   * server answered last.
   */
  readonly onRetry?: (error: RequestError, pausedMs: number) => void;
}

/** A job. It has its result only when requested alone, not in lists. See the API description for its members. */
export interface JobJson extends Readonly<Omit<JobOutput, 'result'>> {
  readonly result?: DiarizeJson;
}

export type JobEvent =
  | { readonly type: 'job'; readonly job: JobJson }
  | { readonly type: 'result'; readonly result: DiarizeJson }
  | { readonly type: 'problem'; readonly error: VoiceFlowError };

export interface JobListJson {
  readonly jobs: readonly JobJson[];
  /** The value of `before` for the next page. */
  readonly next: string | null;
}

/** A voice of the server's book, without its embedding. */
export type VoiceJson = Readonly<VoiceOutput>;

export interface ClientStreamOptions
  extends Pick<LiveOptions, 'sampleRate' | 'latency' | 'step' | 'maxSpeakers' | 'known' | 'falseNames'> {
  /** Encoding of the sent samples: `s16le` (default) takes half the bandwidth. */
  readonly encoding?: 's16le' | 'f32le';
  /** Largest number of consecutive reconnects (default 5); 0 for never. */
  readonly reconnects?: number;
  /** Seconds of audio buffered while there is no connection (default 30); older audio is dropped. */
  readonly bufferSeconds?: number;
}

/**
 * The connection was lost and is restored, with a new session on the server that began at `at` seconds of the audio.
 * Open turns have been ended as they were. The new session has new labels and turn ids (`2/SPEAKER_00`), because it
 * cannot know who spoke before.
 */
export interface ReconnectEvent {
  readonly type: 'reconnect';
  readonly at: number;
  /** Seconds of audio dropped in the meantime, without the audio that was being sent when the connection was lost. */
  readonly lost: number;
}

export type ClientLiveEvent = LiveEvent | ReconnectEvent;

/** The result of the (last) session. */
export interface LiveResultJson extends DiarizationJson {
  readonly labels: Readonly<Record<string, string>>;
  /**
   * Start of this session in seconds of the audio: 0 unless the connection was lost. Times in the result count from it.
   */
  readonly offset: number;
}

/** The part of a WebSocket that is used, common to browsers, `ws` and the other runtimes. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: string | ArrayBuffer): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error' | 'close', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

export type WebSocketConstructor = new (url: string) => WebSocketLike;

/** An encoded recording. A `Blob` is sent without loading it into memory. */
export type ClientAudio = Blob | Uint8Array<ArrayBuffer> | ArrayBuffer;
