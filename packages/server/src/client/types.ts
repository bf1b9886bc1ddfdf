import type {
  DiarizationJson,
  KnownVoice,
  LiveEvent,
  Progress,
  SpeakerCountOptions,
  VoiceFlowError,
} from 'voiceflow-ml/core';
import type { DiarizeJson } from '../routes/diarize/schema.ts';
import type { JobOutput, VoiceOutput } from '../routes/jobs/schema.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds from the last byte of the body to the answer, up to the limit of the server. */
  readonly deadlineMs?: number;
}

export interface ClientDiarizeOptions extends CallOptions, SpeakerCountOptions {
  readonly known?: readonly KnownVoice[];
  /** Share of people who are not among them that may get a name, in (0, 0.5]. Default 0.02. */
  readonly falseNames?: number;
  readonly exclusive?: boolean;
  /** As `channels` of `diarize`; or a name for each channel, which separates them. */
  readonly channels?: 'mix' | 'separate' | number | readonly string[];
  readonly onProgress?: (progress: Progress) => void;
}

export interface ClientEmbedOptions extends CallOptions {
  /** Seconds: the part of the recording that has the voice. */
  readonly segment?: { readonly start: number; readonly end: number };
}

/** How `jobs.submit` asks: the options of `diarize`, but those that need somebody to wait. */
export interface ClientSubmitOptions extends SpeakerCountOptions {
  readonly signal?: AbortSignal;
  readonly exclusive?: boolean;
  /** The file id in RTTM. */
  readonly uri?: string;
  /** Called when the job has succeeded or failed. */
  readonly webhook?: string;
  /** Kept with the job. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Among the jobs of one key, the highest first: -100 to 100. */
  readonly priority?: number;
  /** Recognise the voices that are enrolled on the server. */
  readonly voices?: boolean;
  /** Keep the embeddings of the speakers. */
  readonly embeddings?: boolean;
  /** The same key gives the same job. */
  readonly idempotencyKey?: string;
}

/** A job; its result only where one job was asked for. See the API description for its members. */
export interface JobJson extends Readonly<Omit<JobOutput, 'result'>> {
  readonly result?: DiarizeJson;
}

/** What `jobs.events` tells. */
export type JobEvent =
  | { readonly type: 'job'; readonly job: JobJson }
  | { readonly type: 'result'; readonly result: DiarizeJson }
  | { readonly type: 'problem'; readonly error: VoiceFlowError };

export interface JobListJson {
  readonly jobs: readonly JobJson[];
  /** The `before` of the next page. */
  readonly next: string | null;
}

/** A voice of the server's book, without its embedding. */
export type VoiceJson = Readonly<VoiceOutput>;

/** How `stream` listens; see `LiveOptions` of core. */
export interface ClientStreamOptions {
  readonly sampleRate: number;
  readonly latency?: number;
  readonly step?: number;
  readonly maxSpeakers?: number;
  readonly known?: readonly KnownVoice[];
  /** Share of people who are not among them that may get a name, in (0, 0.5]. Default 0.02. */
  readonly falseNames?: number;
  /** How samples are sent: `s16le` (default) takes half of the bandwidth. */
  readonly encoding?: 's16le' | 'f32le';
  /** Times that a lost connection is opened again in a row (default 5); 0 for never. */
  readonly reconnects?: number;
  /** Seconds of audio kept while there is no connection (default 30); older audio is dropped. */
  readonly bufferSeconds?: number;
}

/**
 * The connection was lost and is there again: a new session of the server, which began at `at` seconds of the audio.
 * Turns that were open have been ended as they were; labels and turn ids of the new session are new ones
 * (`2/SPEAKER_00`), since it cannot know who spoke before.
 */
export interface ReconnectEvent {
  readonly type: 'reconnect';
  readonly at: number;
  /** Seconds of audio that were dropped meanwhile; what was on its way when the connection went is lost besides. */
  readonly lost: number;
}

export type ClientLiveEvent = LiveEvent | ReconnectEvent;

/** The result of the (last) session. */
export interface LiveResultJson extends DiarizationJson {
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds of the audio at which this session began: 0 unless the connection was lost. Times here count from it. */
  readonly offset: number;
}

/** The part of a WebSocket that is used: the browser's, `ws`'s, and that of every other runtime have it. */
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

/** An encoded recording. A `Blob` is sent without being read into memory. */
export type ClientAudio = Blob | Uint8Array<ArrayBuffer> | ArrayBuffer;
