import type { KnownVoice, Progress, SpeakerBounds } from '../contract/options.ts';
import type { Speaker } from '../contract/result.ts';
import type { Turn } from '../contract/segment.ts';
import type { Warning } from '../contract/warnings.ts';

export interface DiarizeRequest {
  readonly bounds: SpeakerBounds;
  readonly known: readonly KnownVoice[];
  readonly falseNames?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface PipelineResult {
  readonly turns: readonly Turn[];
  readonly speakers: readonly Speaker[];
  /** Seconds. */
  readonly duration: number;
  readonly warnings: readonly Warning[];
  /** Milliseconds spent waiting for audio, waiting for the network, and on everything after. */
  readonly decode: number;
  readonly model: number;
  readonly cluster: number;
}
