import type { KnownVoice, Progress, SpeakerBounds } from '../contract/options.ts';
import type { Diarization, Timings } from '../contract/result.ts';
import type { LocalRecording } from '../stages/local-speakers.ts';

/** Which speakers are found in the outputs of the networks. */
export interface SolveRequest {
  readonly bounds: SpeakerBounds;
  readonly known: readonly KnownVoice[];
  readonly falseNames?: number | undefined;
}

/** How the networks of a pipeline are run on a source. */
export interface AnalyzeRequest {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export type DiarizeRequest = SolveRequest & AnalyzeRequest;

/** Outputs of a pipeline's networks for a whole source. */
export interface NetworkOutputs<L = LocalRecording> {
  readonly local: L;
  /** Seconds. */
  readonly duration: number;
  /** Milliseconds of waiting for audio, and in total. */
  readonly decode: number;
  readonly total: number;
}

/** Turns and speakers found in the outputs of the networks. */
export type Solution = Pick<Diarization, 'turns' | 'speakers' | 'warnings'>;

/** `model` of the timings is the time of waiting for the networks, and `cluster` that of everything after. */
export type PipelineResult = Solution & Pick<Diarization, 'duration'> & Pick<Timings, 'decode' | 'model' | 'cluster'>;
