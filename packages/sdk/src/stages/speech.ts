/** How a gate's probabilities and the activity of the speakers make the scores of a frame. */
export interface FusionRules {
  /**
   * Weight of the probability that somebody speaks in the score of the most active speaker, 0–1. The rest is the weight
   * of the speaker's own activity.
   */
  readonly speech: number;
  /** The same for the probability that two speak in the score of the second most active speaker. */
  readonly two: number;
  /** Score from which a second speaker begins to speak: its score is scaled so that this is the onset of a turn. */
  readonly second: number;
}

/** Minimum activity of a second speaker: without any, nothing says who it is. */
const LEAST_ACTIVITY = 0.02;

/**
 * Fuses the activity of a frame's speakers with what the gate says of the frame. The gate hears ten seconds, so it knows
 * better whether one or two people speak; the activity says who. Of more than two speakers the others are lowered.
 * @param scores `[speakers]`, 0–1, changed in place; ties go to the lower index.
 * @param speech Probability that somebody speaks. @param two Probability that at least two speak.
 * @param onset Score above which a turn begins.
 */
export function fuse(scores: Float32Array, speech: number, two: number, rules: FusionRules, onset: number): void {
  const [first, second] = twoMostActive(scores);
  const one = (scores[first] ?? 0) * (1 - rules.speech) + speech * rules.speech;
  const other = scores[second] ?? 0;
  for (let k = 0; k < scores.length; k++) scores[k]! *= 1 - rules.speech;
  if (first >= 0) scores[first] = one;
  if (second < 0) return;
  const score = other * (1 - rules.two) + two * rules.two;
  scores[second] = other > LEAST_ACTIVITY ? Math.min(one, (score * onset) / rules.second) : 0;
}

/** Indices of the two highest scores; −1 where there is no speaker. */
function twoMostActive(scores: Float32Array): [first: number, second: number] {
  let first = -1;
  let second = -1;
  for (let k = 0; k < scores.length; k++) {
    if (first < 0 || scores[k]! > scores[first]!) {
      second = first;
      first = k;
    } else if (second < 0 || scores[k]! > scores[second]!) second = k;
  }
  return [first, second];
}

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
