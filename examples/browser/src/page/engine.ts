import type { DiarizationJson, LiveEvent, Progress } from 'voiceflow-ml/core';

export interface FileOptions {
  readonly numSpeakers?: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** A live session, here or on a server. */
export interface LiveSession extends AsyncIterable<LiveEvent> {
  push(samples: Float32Array): Promise<void>;
  /** The result of the whole session; the events end. */
  end(): Promise<DiarizationJson>;
  close(): void | Promise<void>;
}

/** What does the work of the page: the SDK in this browser, or a server. */
export interface Engine {
  /** Shown until the first progress. */
  readonly waiting: string;
  diarize(file: File, options: FileOptions): Promise<DiarizationJson>;
  open(options: { readonly sampleRate: number; readonly maxSpeakers?: number }): Promise<LiveSession>;
}
