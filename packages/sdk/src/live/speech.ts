import { type OverlapRules, raiseSecond } from '../stages/overlap.ts';
import { CERTAIN_SILENCE, SpeechMask, type SpeechRules } from '../stages/speech.ts';
import type { HeardSpeech } from './speech-gate.ts';

/** Of the runs that heard a frame: sums of what they said of speech and of two at once, and their number. */
type Sums = readonly [speech: number, two: number, runs: number];

/**
 * The mean of what a gate's network said of the latest frames of a session, each time with more of what follows; of those
 * before, what it came to.
 */
export class RecentSpeech {
  /** Of the frames that no run will hear again. */
  #past: SpeechMask;
  /** Of the frames after them. */
  #sums: (Sums | undefined)[] = [];

  constructor(rules: SpeechRules) {
    this.#past = new SpeechMask(rules);
  }

  /** What a run says of its window, after which no run hears what lies before it. */
  add({ start, speech, two }: HeardSpeech): void {
    tell(this.#past, this.#sums.splice(0, Math.max(0, start - this.#past.known)));
    speech.forEach((p, i) => {
      const at = start + i - this.#past.known;
      if (at < 0) return;
      const [sum, sumOfTwo, runs] = this.#sums[at] ?? [0, 0, 0];
      this.#sums[at] = [sum + p, sumOfTwo + two[i]!, runs + 1];
    });
  }

  /**
   * Of the frames from one on: by default, those that are still heard.
   * @param first What that frame is called in the mask.
   */
  mask(from = this.#past.known, first = from): SpeechMask {
    return tell(this.#past.from(from, first), this.#sums);
  }

  /** @param from The first frame that a mask may be asked for from now on. */
  forget(from: number): void {
    if (from > this.#past.first && from <= this.#past.known) this.#past = this.#past.from(from);
  }
}

function tell(mask: SpeechMask, sums: readonly (Sums | undefined)[]): SpeechMask {
  // A frame that no run has heard counts as speech. Not every method of arrays visits holes; this does.
  for (const heard of sums) {
    const [sum, two, runs] = heard ?? [1, 0, 1];
    mask.push(sum / runs, two / runs);
  }
  return mask;
}

/**
 * Marks in the scores of all speakers, in place, where two speak and where silence is certain.
 * @param scores Of each speaker the frames `[from, to)`.
 */
export function markSpeech(
  scores: ReadonlyMap<number, Float32Array>,
  mask: SpeechMask,
  from: number,
  to: number,
  { overlap, onset }: { readonly overlap?: OverlapRules; readonly onset: number },
): void {
  const silences = mask.silences(from, to);
  const rows = [...scores].sort(([a], [b]) => a - b).map(([, row]) => row);
  const frame = new Float32Array(rows.length);
  for (let i = 0; i < to - from; i++) {
    if (silences[i] === 1) for (const row of rows) row[i] = CERTAIN_SILENCE;
    else if (overlap && mask.overlapped(from + i)) {
      rows.forEach((row, k) => {
        frame[k] = row[i]!;
      });
      raiseSecond(frame, overlap, onset);
      rows.forEach((row, k) => {
        row[i] = frame[k]!;
      });
    }
  }
}
