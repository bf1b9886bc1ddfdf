import type { Turn } from './segment.ts';
import type { Warning } from './warnings.ts';

export interface Speaker {
  readonly label: string;
  /** Seconds spoken, overlap included. */
  readonly seconds: number;
  /** Unit length, in the model's space. */
  readonly embedding: Float32Array;
  /** Name of the known voice it was recognised as. */
  readonly name?: string;
}

/**
 * Milliseconds by the clock. `decode` (reading and resampling), `model` (waiting for the network; runs side by side
 * count once) and `cluster` (all the rest) follow one another: together they are at most `total`. Of a live session
 * `total` is its age, waits for audio included. `load` is spent once for each diarizer, is no part of
 * `total`, and is reported in the first result only (0 later).
 */
export interface Timings {
  readonly load: number;
  readonly decode: number;
  readonly model: number;
  readonly cluster: number;
  readonly total: number;
}

/** Who spoke when. */
export interface Diarization {
  /** In order of start; turns of different speakers may overlap. */
  readonly turns: readonly Turn[];
  /** In order of first appearance. */
  readonly speakers: readonly Speaker[];
  /** Seconds of audio that were there. */
  readonly duration: number;
  readonly warnings: readonly Warning[];
  readonly timings: Timings;
  readonly model: { readonly id: string; readonly version: string; readonly space: string };
  /** Name of the backend that ran the network. */
  readonly backend: string;
  /** One speaker at a time: for merging with words, subtitles. */
  exclusive(): readonly Turn[];
  toJSON(): DiarizationJson;
  /** @param uri The file id in the RTTM lines; `audio` when absent. */
  toRTTM(uri?: string): string;
  toSRT(): string;
  toVTT(): string;
}

/** The JSON form: seconds rounded to milliseconds. */
export interface DiarizationJson {
  readonly duration: number;
  readonly turns: readonly { start: number; end: number; speaker: string; confidence?: number }[];
  readonly speakers: readonly { label: string; seconds: number; name?: string; embedding?: readonly number[] }[];
  readonly model: { readonly id: string; readonly version: string; readonly space: string };
  readonly backend: string;
  readonly warnings: readonly Warning[];
  readonly timings: Timings;
}

/** What a diarization is made of. */
export type DiarizationParts = Pick<
  Diarization,
  'turns' | 'speakers' | 'duration' | 'warnings' | 'timings' | 'model' | 'backend'
>;
