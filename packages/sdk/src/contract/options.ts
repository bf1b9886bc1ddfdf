import type { AudioLimits } from './audio.ts';
import { VoiceFlowError } from './errors.ts';

/** The most speakers that can be asked for. */
export const MOST_SPEAKERS = 100;

/** How many voices there are. Exact with a bound is `invalid-option`. */
export interface SpeakerCountOptions {
  /** Exactly this many, 1–100. */
  readonly numSpeakers?: number;
  /** At least this many, 1–100. */
  readonly minSpeakers?: number;
  /** At most this many, `minSpeakers`–100. */
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
  /** Speech that it was learnt from; more is trusted more. Default 10. */
  readonly seconds?: number;
}

export interface DiarizeOptions extends SpeakerCountOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Voices to recognise by name. */
  readonly known?: readonly KnownVoice[];
  /**
   * Share of people who are none of `known` that may get a name all the same, 0–0.5 (default 0.02), however many voices
   * are known: the more, the surer a name must be.
   */
  readonly falseNames?: number;
  readonly limits?: AudioLimits;
  /**
   * What becomes of several channels. `mix` (default): their mean. A number, from 1: that channel alone. `separate`: for
   * recordings with a speaker (or several) a channel, such as calls: each channel (of 16 at most) is diarized by itself,
   * at the cost of a recording for each; its speaker is labeled `LEFT` or `RIGHT` (of more channels `CHANNEL_1` …),
   * several are numbered (`LEFT_1`), and what a channel has of a louder one (cross-talk) is silenced. Counts of speakers
   * are then for each channel. A mono recording is diarized as always.
   */
  readonly channels?: 'mix' | 'separate' | number;
  /** Names of the channels for `separate`, in place of `LEFT` and `RIGHT`; one for each, all different. */
  readonly channelNames?: readonly string[];
}

export interface EmbedOptions {
  /** Seconds; the whole recording when absent. One vector a segment. */
  readonly segments?: readonly { readonly start: number; readonly end: number }[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  readonly limits?: AudioLimits;
  /** `mix` (default): the mean of all channels. A number, from 1: that channel alone. */
  readonly channels?: 'mix' | number;
}

/** How many speakers a result may have, from the options. */
export interface SpeakerBounds {
  readonly least: number;
  readonly most: number;
}

/** @throws `invalid-option` for a count that is no whole number in 1–100, exact with a bound, or crossed bounds. */
export function speakerBounds(options: SpeakerCountOptions): SpeakerBounds {
  const { numSpeakers, minSpeakers, maxSpeakers } = options;
  for (const [name, value] of Object.entries({ numSpeakers, minSpeakers, maxSpeakers })) checkCount(name, value);
  if (numSpeakers !== undefined) {
    if (minSpeakers === undefined && maxSpeakers === undefined) return { least: numSpeakers, most: numSpeakers };
    throw new VoiceFlowError(
      'invalid-option',
      `numSpeakers (${numSpeakers}) was given together with ${minSpeakers === undefined ? 'maxSpeakers' : 'minSpeakers'}`,
      { hint: 'give either numSpeakers, or minSpeakers and maxSpeakers' },
    );
  }
  const bounds = { least: minSpeakers ?? 1, most: maxSpeakers ?? MOST_SPEAKERS };
  if (bounds.least > bounds.most) {
    throw new VoiceFlowError(
      'invalid-option',
      `minSpeakers is ${minSpeakers} but maxSpeakers is ${maxSpeakers}; it must be at least minSpeakers`,
      { hint: 'swap the two, or leave one out' },
    );
  }
  return bounds;
}

function checkCount(name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_SPEAKERS) return;
  throw new VoiceFlowError(
    'invalid-option',
    `${name} is ${show(value)}; a whole number from 1 to ${MOST_SPEAKERS} was expected`,
    { hint: `leave ${name} out when the number of speakers is not known` },
  );
}

/** @throws `invalid-option` for a segment that is empty, backwards or not in time. */
export function checkSegments(segments: EmbedOptions['segments']): void {
  if (segments !== undefined && !(Array.isArray(segments) && segments.length > 0)) {
    throw new VoiceFlowError('invalid-option', 'segments must be a list with at least one segment', {
      hint: 'leave segments out for the whole recording',
    });
  }
  segments?.forEach(({ start, end }, i) => {
    if (Number.isFinite(start) && Number.isFinite(end) && start >= 0 && end > start) return;
    throw new VoiceFlowError(
      'invalid-option',
      `segments[${i}] is ${show(start)}–${show(end)} s; 0 ≤ start < end was expected`,
    );
  });
}

function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
