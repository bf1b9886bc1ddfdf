import type { Turn } from './segment.ts';
import type { Warning } from './warnings.ts';

export interface Speaker {
  readonly label: string;
  /** Total speaking time in seconds, overlapped speech included. */
  readonly seconds: number;
  /**
   * Unit-length vector in the model's embedding space. Zeros for a speaker of `pyannote` without a cluster: one who was
   * counted where more people speak at once than there are clusters.
   */
  readonly embedding: Float32Array;
  /** Name of the known voice that this speaker was recognized as. */
  readonly name?: string;
}

/**
 * Wall-clock times in milliseconds. `decode` (reading and resampling), `model` (waiting for the network; parallel runs
 * count once) and `cluster` (everything else) do not overlap: their sum is at most `total`. For a live session, `total`
 * is the time since it was opened, including waiting for audio. `load` is the time to load the model: it happens once
 * per diarizer, is not part of `total`, and is reported only in the first result (0 in later ones).
 */
export interface Timings {
  readonly load: number;
  readonly decode: number;
  readonly model: number;
  readonly cluster: number;
  readonly total: number;
}

/** The result of a diarization: who spoke when. */
export interface Diarization {
  /** Sorted by start time; turns of different speakers may overlap. */
  readonly turns: readonly Turn[];
  /** In order of first appearance. */
  readonly speakers: readonly Speaker[];
  /** Length of the audio in seconds. */
  readonly duration: number;
  readonly warnings: readonly Warning[];
  readonly timings: Timings;
  readonly model: { readonly id: string; readonly version: string; readonly space: string };
  /** Name of the backend that ran the network. */
  readonly backend: string;
  /** Turns without overlap (one speaker at a time), for subtitles or for merging with a transcript. */
  exclusive(): readonly Turn[];
  toJSON(): DiarizationJson;
  /** @param uri File id to write in the RTTM lines. Default `audio`. */
  toRTTM(uri?: string): string;
  toSRT(): string;
  toVTT(): string;
}

/** The JSON form of a `Diarization`: seconds are rounded to milliseconds. */
export interface DiarizationJson extends Pick<Diarization, 'duration' | 'model' | 'backend' | 'warnings' | 'timings'> {
  readonly turns: readonly { start: number; end: number; speaker: string; confidence?: number }[];
  readonly speakers: readonly { label: string; seconds: number; name?: string; embedding?: readonly number[] }[];
}

/** The data of a `Diarization`, without its methods. */
export type DiarizationParts = Pick<
  Diarization,
  'turns' | 'speakers' | 'duration' | 'warnings' | 'timings' | 'model' | 'backend'
>;
