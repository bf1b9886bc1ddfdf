import type { Progress } from '@voiceflow-ml/core';
import type { JobOptions, JobResult } from '../queue/types.ts';

export interface RecordingContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** What diarizes, wherever it runs: the server's workers, or those of `voiceflow worker`. */
export interface Recordings {
  /** The embedding space of the model. */
  readonly space: string;
  /** Recordings that could begin now. */
  readonly free: number;
  /** Calls back when `free` may have grown. */
  onFree(listener: () => void): void;
  /** @param options As `/v1/diarize` takes them. @throws `VoiceFlowError`. */
  diarize(path: string, options: JobOptions, context: RecordingContext): Promise<JobResult>;
  /** The voice of a recording. */
  embed(path: string, signal: AbortSignal): Promise<{ readonly embedding: readonly number[]; readonly space: string }>;
}
