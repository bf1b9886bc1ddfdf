import { type FusionRules, fuse } from './fusion.ts';

/** Rules for what a gate says of frames. Lengths in frames. */
export interface SpeechRules {
  /** Probability of speech below which the activity of a frame is not used to tell speakers apart. */
  readonly speech: number;
  /** Probability of speech below which a frame is silent. Default: `speech`. */
  readonly silence?: number;
  /** Minimum frames of silence that always end a turn, even if longer gaps are filled. */
  readonly shortestSilence: number;
  /** Absent: the scores of speakers are their activity alone. */
  readonly fusion?: FusionRules;
}

/** Score of all speakers in a frame of certain silence: no turn contains such a frame or continues across it. */
export const CERTAIN_SILENCE = -1;

/**
 * Probabilities that somebody speaks, and that two do, as detected by a network with long windows (a speech gate), for
 * each frame of a recording or of a part of a live session, in order. Speakers are told apart by the activity of the
 * frames with speech alone; turns are made of both activity and probabilities. Unknown frames count as speech.
 */
export class SpeechMask {
  readonly #rules: SpeechRules;
  /** First frame of the mask. */
  readonly first: number;
  #speech: number[] = [];
  #two: number[] = [];

  /** @param first Frame of the first `push`. */
  constructor(rules: SpeechRules, first = 0) {
    this.#rules = rules;
    this.first = first;
  }

  /** The frame after the last known one. */
  get known(): number {
    return this.first + this.#speech.length;
  }

  /** Adds the next frame. @param speech Probability of speech. @param two Probability of at least two speakers. */
  push(speech: number, two = 0): void {
    this.#speech.push(speech);
    this.#two.push(two);
  }

  /**
   * Copies the mask from a frame on, which must not be before the first one.
   * @param first Number of that frame in the copy.
   */
  from(frame: number, first = frame): SpeechMask {
    const copy = new SpeechMask(this.#rules, first);
    copy.#speech = this.#speech.slice(frame - this.first);
    copy.#two = this.#two.slice(frame - this.first);
    return copy;
  }

  /** Fuses the activity of a frame's speakers with its probabilities, in place; see `fuse`. */
  fuse(frame: number, scores: Float32Array, onset: number): void {
    const speech = this.#speech[frame - this.first];
    const { fusion } = this.#rules;
    if (fusion && speech !== undefined) fuse(scores, speech, this.#two[frame - this.first]!, fusion, onset);
  }

  /** Sets the activity of frames without speech to 0, in place. @param activity `[frames, slots]` from `start` on. */
  apply(activity: Float32Array, slots: number, start: number): void {
    for (let at = 0, i = start - this.first; at < activity.length; at += slots, i++) {
      if (this.#below(i, this.#rules.speech)) activity.fill(0, at, at + slots);
    }
  }

  /** `[to − from]`: 1 in frames of silence that lasts at least `shortestSilence`. */
  silences(from: number, to: number): Uint8Array {
    const { speech, silence = speech, shortestSilence } = this.#rules;
    const silent = new Uint8Array(to - from);
    let begun = -1;
    for (let i = 0; i <= this.#speech.length; i++) {
      const quiet = this.#below(i, silence);
      if (quiet && begun < 0) begun = i;
      if (quiet || begun < 0) continue;
      if (i - begun >= shortestSilence) {
        silent.fill(1, Math.max(0, begun + this.first - from), Math.max(0, i + this.first - from));
      }
      begun = -1;
    }
    return silent;
  }

  #below(at: number, threshold: number): boolean {
    return (this.#speech[at] ?? 1) < threshold;
  }
}
