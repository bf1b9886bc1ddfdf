import type { AudioLimits } from './audio/source.ts';

/** How many voices there are. Exact with a bound is `invalid-option`. */
export interface SpeakerCountOptions {
  /** Exactly this many, 1–100. */
  readonly numSpeakers?: number;
  /** At least this many, ≥ 1. */
  readonly minSpeakers?: number;
  /** At most this many, ≥ `minSpeakers`. */
  readonly maxSpeakers?: number;
}

/** What is being done, for progress bars: `done` and `total` in seconds of audio. */
export interface Progress {
  readonly stage: 'model' | 'cluster' | 'done';
  readonly done: number;
  /** Absent while the length is not known. */
  readonly total?: number;
}

/** A voice with a name, to be recognised. */
export interface KnownVoice {
  readonly name: string;
  /** Unit length, of the model's space. */
  readonly embedding: Float32Array;
  /** Must equal the model's `space`, else `invalid-option`. */
  readonly space: string;
}

export interface DiarizeOptions extends SpeakerCountOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Voices to recognise by name. */
  readonly known?: readonly KnownVoice[];
  readonly limits?: AudioLimits;
}

export interface EmbedOptions {
  /** Seconds; the whole recording when absent. One vector a segment. */
  readonly segments?: readonly { readonly start: number; readonly end: number }[];
  readonly signal?: AbortSignal;
  readonly limits?: AudioLimits;
}
