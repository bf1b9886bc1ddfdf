import type { KnownVoice, Progress, SpeakerBounds } from '../contract/options.ts';
import type { Diarization, Timings } from '../contract/result.ts';
import type { LocalRecording } from '../stages/local-speakers.ts';

export interface DiarizeRequest {
  readonly bounds: SpeakerBounds;
  readonly known: readonly KnownVoice[];
  readonly falseNames?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** How the networks of a pipeline are run on a source. */
export type AnalyzeRequest = Pick<DiarizeRequest, 'signal' | 'onProgress'>;

/** Outputs of a pipeline's networks for a whole source. */
export interface NetworkOutputs<L = LocalRecording> {
  readonly local: L;
  /** Seconds. */
  readonly duration: number;
  /** Milliseconds of waiting for audio, and in total. */
  readonly decode: number;
  readonly total: number;
}

/** `model` of the timings is the time of waiting for the networks, and `cluster` that of everything after. */
export type PipelineResult = Pick<Diarization, 'turns' | 'speakers' | 'duration' | 'warnings'> &
  Pick<Timings, 'decode' | 'model' | 'cluster'>;
