import type { AudioLimits } from './audio.ts';
import { invalidOption, show } from './errors.ts';

/** Largest number of speakers that can be requested. */
export const MOST_SPEAKERS = 100;

/** The expected number of speakers. `numSpeakers` together with a bound throws `invalid-option`. */
export interface SpeakerCountOptions {
  /** Exactly this many, 1–100. */
  readonly numSpeakers?: number;
  /** At least this many, 1–100. */
  readonly minSpeakers?: number;
  /** At most this many, `minSpeakers`–100. */
  readonly maxSpeakers?: number;
}

/** Progress of a call, for progress bars. `done` and `total` are in seconds of audio. */
export interface Progress {
  readonly stage: 'model' | 'cluster' | 'done';
  readonly done: number;
  /** Absent while the length of the audio is not known. */
  readonly total?: number;
}

/** A named voice to recognize. */
export interface KnownVoice {
  readonly name: string;
  /** Unit-length vector in the model's embedding space. */
  readonly embedding: Float32Array;
  /** Id of the embedding space. Must equal the model's `space`; otherwise the call throws `invalid-option`. */
  readonly space: string;
  /** Seconds of speech that the embedding was computed from, above 0; a longer sample is trusted more. Default 10. */
  readonly seconds?: number;
}

export interface DiarizeOptions extends SpeakerCountOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Voices to recognize by name. */
  readonly known?: readonly KnownVoice[];
  /**
   * Accepted rate of false names, above 0 and at most 0.5 (default 0.02): the share of speakers not in `known` that may
   * still be given a name. It holds for any number of known voices: with more of them, a stronger match is required.
   */
  readonly falseNames?: number;
  readonly limits?: AudioLimits;
  /**
   * How to handle several channels.
   * - `mix` (default): use the mean of all channels.
   * - A number, from 1: use that channel alone.
   * - `separate`: diarize each channel (at most 16) on its own, at the cost of one recording each. For recordings with
   *   one or more speakers per channel, such as calls. A channel's only speaker is labeled `LEFT` or `RIGHT` (with more
   *   than two channels `CHANNEL_1`, …); several are numbered (`LEFT_1`, …). Cross-talk from a louder channel is
   *   silenced. Speaker counts then apply to each channel. A mono recording is diarized as usual.
   */
  readonly channels?: 'mix' | 'separate' | number;
  /** Channel names for `separate`, instead of `LEFT` and `RIGHT`: one per channel, also for mono, all different. */
  readonly channelNames?: readonly string[];
}

export interface EmbedOptions {
  /** Segments to embed, in seconds; one vector is returned for each. Default: the whole recording. */
  readonly segments?: readonly { readonly start: number; readonly end: number }[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  readonly limits?: AudioLimits;
  /** `mix` (default): use the mean of all channels. A number, from 1: use that channel alone. */
  readonly channels?: 'mix' | number;
}

/** The allowed number of speakers in a result, derived from the options. */
export interface SpeakerBounds {
  readonly least: number;
  readonly most: number;
}

/**
 * @throws `invalid-option` for a count that is not a whole number in 1–100, for `numSpeakers` together with a bound, or
 *   for `minSpeakers` above `maxSpeakers`.
 */
export function speakerBounds(options: SpeakerCountOptions): SpeakerBounds {
  const { numSpeakers, minSpeakers, maxSpeakers } = options;
  for (const [name, value] of Object.entries({ numSpeakers, minSpeakers, maxSpeakers })) checkCount(name, value);
  if (numSpeakers !== undefined) {
    if (minSpeakers === undefined && maxSpeakers === undefined) return { least: numSpeakers, most: numSpeakers };
    throw invalidOption(
      `numSpeakers (${numSpeakers}) cannot be combined with ${minSpeakers === undefined ? 'maxSpeakers' : 'minSpeakers'}`,
      'use either numSpeakers, or minSpeakers and maxSpeakers',
    );
  }
  const bounds = { least: minSpeakers ?? 1, most: maxSpeakers ?? MOST_SPEAKERS };
  if (bounds.least > bounds.most) {
    throw invalidOption(
      `minSpeakers is ${minSpeakers}, expected at most maxSpeakers (${maxSpeakers})`,
      'swap them, or omit one',
    );
  }
  return bounds;
}

function checkCount(name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_SPEAKERS) return;
  throw invalidOption(
    `${name} is ${show(value)}, expected a whole number from 1 to ${MOST_SPEAKERS}`,
    `omit ${name} if the number of speakers is unknown`,
  );
}

/** @throws `invalid-option` for an empty list, or for a segment that is not finite with 0 ≤ start < end. */
export function checkSegments(segments: EmbedOptions['segments']): void {
  if (segments !== undefined && !(Array.isArray(segments) && segments.length > 0)) {
    throw invalidOption('segments must be a list with at least one segment', 'omit segments for the whole recording');
  }
  segments?.forEach(({ start, end }, i) => {
    if (Number.isFinite(start) && Number.isFinite(end) && start >= 0 && end > start) return;
    throw invalidOption(`segments[${i}] is ${show(start)}–${show(end)} s, expected 0 ≤ start < end`);
  });
}

/** @throws `invalid-option` unless the channels are mixed or one of them is used. */
export function checkOneChannel(channels: unknown = 'mix'): void {
  if (channels === 'mix' || (Number.isInteger(channels) && (channels as number) >= 1)) return;
  throw invalidOption(`channels is ${show(channels)}, expected "mix" or a number from 1`);
}
