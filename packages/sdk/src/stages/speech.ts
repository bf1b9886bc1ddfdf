/** Rules for detecting speech. Lengths in frames. */
export interface SpeechRules {
  /** Probability of speech below which nobody speaks. */
  readonly speech: number;
  /** Minimum frames of silence that always end a turn, even if longer gaps are filled. */
  readonly shortestSilence: number;
  /** Probability above which two speak at once. Absent: overlap is not detected. */
  readonly overlap?: number;
}

/** Score of all speakers in a frame of certain silence: no turn contains such a frame or continues across it. */
export const CERTAIN_SILENCE = -1;

/** Flags of a frame. */
const QUIET = 1;
const OVERLAP = 2;

/**
 * The frames in which nobody speaks, and those in which two do, as detected by a network with long windows (a speech
 * gate). Activity in silent frames is removed from the shorter windows of the pipeline before they are used. Covers
 * frames of a recording or of a part of a live session, in order; unknown frames count as speech.
 */
export class SpeechMask {
  readonly #rules: SpeechRules;
  /** First frame of the mask. */
  readonly first: number;
  /** Flags of each frame: QUIET, OVERLAP, both or neither. */
  #flags: number[] = [];

  /** @param first Frame of the first `push`. */
  constructor(rules: SpeechRules, first = 0) {
    this.#rules = rules;
    this.first = first;
  }

  /** The frame after the last known one. */
  get known(): number {
    return this.first + this.#flags.length;
  }

  /** Adds the next frame. @param speech Probability of speech. @param two Probability of at least two speakers. */
  push(speech: number, two = 0): void {
    const { speech: least, overlap = Number.POSITIVE_INFINITY } = this.#rules;
    this.#flags.push((speech >= least ? 0 : QUIET) | (two > overlap ? OVERLAP : 0));
  }

  /**
   * Copies the mask from a frame on, which must not be before the first one.
   * @param first Number of that frame in the copy.
   */
  from(frame: number, first = frame): SpeechMask {
    const copy = new SpeechMask(this.#rules, first);
    copy.#flags = this.#flags.slice(frame - this.first);
    return copy;
  }

  /** Whether two speak in a frame; false if it is unknown. */
  overlapped(frame: number): boolean {
    return this.#has(frame - this.first, OVERLAP);
  }

  /** Sets the activity of silent frames to 0, in place. @param activity `[frames, slots]` from frame `start` on. */
  apply(activity: Float32Array, slots: number, start: number): void {
    for (let at = 0, i = start - this.first; at < activity.length; at += slots, i++) {
      if (this.#has(i, QUIET)) activity.fill(0, at, at + slots);
    }
  }

  /** `[to − from]`: 1 in frames of silence that lasts at least `shortestSilence`. */
  silences(from: number, to: number): Uint8Array {
    const silent = new Uint8Array(to - from);
    let begun = -1;
    for (let i = 0; i <= this.#flags.length; i++) {
      const quiet = this.#has(i, QUIET);
      if (quiet && begun < 0) begun = i;
      if (quiet || begun < 0) continue;
      if (i - begun >= this.#rules.shortestSilence) {
        silent.fill(1, Math.max(0, begun + this.first - from), Math.max(0, i + this.first - from));
      }
      begun = -1;
    }
    return silent;
  }

  #has(at: number, flag: number): boolean {
    return ((this.#flags[at] ?? 0) & flag) !== 0;
  }
}
