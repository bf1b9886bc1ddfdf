import type { DiarizationJson, LiveEvent, Progress } from 'voiceflow-ml/core';

export interface FileOptions {
  readonly numSpeakers?: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** A live session, in this browser or on a server. */
export interface LiveSession extends AsyncIterable<LiveEvent> {
  push(samples: Float32Array): Promise<void>;
  /** Ends the session and its events; returns the result of the whole session. */
  end(): Promise<DiarizationJson>;
  close(): void | Promise<void>;
}

/** Diarizes for the page: with the SDK in this browser, or on a server. */
export interface Engine {
  /** Message that the page shows until the first progress report. */
  readonly waiting: string;
  diarize(file: File, options: FileOptions): Promise<DiarizationJson>;
  open(options: { readonly sampleRate: number; readonly maxSpeakers?: number }): Promise<LiveSession>;
}
