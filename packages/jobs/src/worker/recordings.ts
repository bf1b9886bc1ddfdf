import type { Progress } from 'voiceflow-ml/core';
import type { JobOptions, JobResult } from '../queue/types.ts';

/** A file of this machine. */
export interface Recording {
  readonly path: string;
  readonly bytes: number;
}

export interface RecordingContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** What diarizes, wherever it runs: the server's workers, or those of `voiceflow worker`. */
export interface Recordings {
  /** The embedding space of the model. */
  readonly space: string;
  /** Recordings that could begin now, beside so many that the worker has taken. */
  free(taken: number): number;
  /** Calls back when there may be more room. */
  onFree(listener: () => void): void;
  /** @param options As `/v1/diarize` takes them. @throws `VoiceFlowError`. */
  diarize(recording: Recording, options: JobOptions, context: RecordingContext): Promise<JobResult>;
  /** The voice of a recording. */
  embed(
    recording: Recording,
    signal: AbortSignal,
  ): Promise<{ readonly embedding: readonly number[]; readonly space: string }>;
}
