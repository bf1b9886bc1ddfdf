import type { Progress } from 'voiceflow-ml/core';
import type { JobOptions, JobResult } from '../queue/types.ts';

/** A file on this machine. */
export interface Recording {
  readonly path: string;
  readonly bytes: number;
}

export interface RecordingContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** Diarizes recordings, with the workers of the server or of `voiceflow worker`. */
export interface Recordings {
  readonly space: string;
  /** How many more recordings could start now. @param taken Jobs that the worker has already claimed. */
  free(taken: number): number;
  /** Calls back when more recordings may start. */
  onFree(listener: () => void): void;
  /** @param options The options of `/v1/diarize`. @throws `VoiceFlowError`. */
  diarize(recording: Recording, options: JobOptions, context: RecordingContext): Promise<JobResult>;
  /** The embedding of the voice in a recording. */
  embed(
    recording: Recording,
    signal: AbortSignal,
  ): Promise<{ readonly embedding: readonly number[]; readonly space: string }>;
}
