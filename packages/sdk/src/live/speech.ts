import { type OverlapRules, raiseSecond } from '../stages/overlap.ts';
import { CERTAIN_SILENCE, SpeechMask, type SpeechRules } from '../stages/speech.ts';
import type { HeardSpeech } from './gate.ts';

/** The mean of what a gate's network said of the latest frames of a session, each time with more of what follows. */
export class RecentSpeech {
  readonly #rules: SpeechRules;
  #first = 0;
  #sum: number[] = [];
  #two: number[] = [];
  #count: number[] = [];

  constructor(rules: SpeechRules) {
    this.#rules = rules;
  }

  add({ start, speech, two }: HeardSpeech): void {
    speech.forEach((p, i) => {
      const at = start + i - this.#first;
      if (at < 0) return;
      this.#sum[at] = (this.#sum[at] ?? 0) + p;
      this.#two[at] = (this.#two[at] ?? 0) + two[i]!;
      this.#count[at] = (this.#count[at] ?? 0) + 1;
    });
  }

  mask(): SpeechMask {
    const mask = new SpeechMask(this.#rules, this.#first);
    for (let i = 0; i < this.#sum.length; i++) {
      const count = this.#count[i];
      // A frame that no run has heard counts as speech.
      if (count === undefined) mask.push(1);
      else mask.push(this.#sum[i]! / count, this.#two[i]! / count);
    }
    return mask;
  }

  /** Forgets the frames before one. */
  dropUntil(frame: number): void {
    const gone = Math.min(this.#sum.length, Math.max(0, frame - this.#first));
    this.#sum = this.#sum.slice(gone);
    this.#two = this.#two.slice(gone);
    this.#count = this.#count.slice(gone);
    this.#first += gone;
  }
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
