/** When what is heard is speech. Lengths in frames. */
export interface SpeechRules {
  /** Probability of speech below which nobody speaks. */
  readonly speech: number;
  /** Frames that silence must last to end a turn for certain, whatever gaps a turn may have. */
  readonly shortestSilence: number;
  /** Probability above which two speak at once; absent: it is not asked for. */
  readonly overlap?: number;
}

/** The score that silence gives to everybody: no turn holds such a frame, and none goes on across it. */
export const CERTAIN_SILENCE = -1;

/** What is kept of a frame. */
const QUIET = 1;
const OVERLAP = 2;

/**
 * Where nobody speaks, and where two do, by a network that hears some seconds around each moment. What it calls silence is taken from the
 * activity of windows that hear less, before anything is made of them. Frames of a recording or of a stretch of a live
 * session, in order; a frame it has not heard of counts as speech.
 */
export class SpeechMask {
  readonly #rules: SpeechRules;
  /** The first frame that it tells of. */
  readonly first: number;
  /** Of each frame: QUIET, OVERLAP, both or neither. */
  #heard: number[] = [];

  /** @param first The first frame that `push` will tell of. */
  constructor(rules: SpeechRules, first = 0) {
    this.#rules = rules;
    this.first = first;
  }

  /** The frame before which everything is known. */
  get known(): number {
    return this.first + this.#heard.length;
  }

  /** @param speech Probability of speech in the next frame. @param two Of two speakers at least. */
  push(speech: number, two = 0): void {
    const { speech: least, overlap = Number.POSITIVE_INFINITY } = this.#rules;
    this.#heard.push((speech >= least ? 0 : QUIET) | (two > overlap ? OVERLAP : 0));
  }

  /**
   * A copy that knows nothing of the frames before one, which is none before the first.
   * @param first What that frame is called in it.
   */
  from(frame: number, first = frame): SpeechMask {
    const copy = new SpeechMask(this.#rules, first);
    copy.#heard = this.#heard.slice(frame - this.first);
    return copy;
  }

  /** Whether two speak in a frame, as far as is known. */
  overlapped(frame: number): boolean {
    return this.#isHeard(frame - this.first, OVERLAP);
  }

  /** Silences the frames of a window in which nobody speaks, in place. @param activity `[frames, slots]` from frame `start` on. */
  apply(activity: Float32Array, slots: number, start: number): void {
    for (let at = 0, i = start - this.first; at < activity.length; at += slots, i++) {
      if (this.#isHeard(i, QUIET)) activity.fill(0, at, at + slots);
    }
  }

  /** `[to − from]`: 1 where silence lasts long enough to be certain. */
  silences(from: number, to: number): Uint8Array {
    const silent = new Uint8Array(to - from);
    let begun = -1;
    for (let i = 0; i <= this.#heard.length; i++) {
      const quiet = this.#isHeard(i, QUIET);
      if (quiet && begun < 0) begun = i;
      if (quiet || begun < 0) continue;
      if (i - begun >= this.#rules.shortestSilence) {
        silent.fill(1, Math.max(0, begun + this.first - from), Math.max(0, i + this.first - from));
      }
      begun = -1;
    }
    return silent;
  }

  #isHeard(at: number, what: number): boolean {
    return ((this.#heard[at] ?? 0) & what) !== 0;
  }
}
