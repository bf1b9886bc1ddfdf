import { SpeechMask, type SpeechRules } from '../stages/speech.ts';
import type { HeardSpeech } from './gate.ts';

/** The mean of what a gate's network said of the latest frames of a session, each time with more of what follows. */
export class RecentSpeech {
  readonly #rules: SpeechRules;
  #first = 0;
  #sum: number[] = [];
  #count: number[] = [];

  constructor(rules: SpeechRules) {
    this.#rules = rules;
  }

  add({ start, speech }: HeardSpeech): void {
    speech.forEach((p, i) => {
      const at = start + i - this.#first;
      if (at < 0) return;
      this.#sum[at] = (this.#sum[at] ?? 0) + p;
      this.#count[at] = (this.#count[at] ?? 0) + 1;
    });
  }

  mask(): SpeechMask {
    const mask = new SpeechMask(this.#rules, this.#first);
    this.#sum.forEach((sum, i) => {
      mask.push(sum / (this.#count[i] as number));
    });
    return mask;
  }

  /** Forgets the frames before one. */
  dropUntil(frame: number): void {
    const gone = Math.min(this.#sum.length, Math.max(0, frame - this.#first));
    this.#sum = this.#sum.slice(gone);
    this.#count = this.#count.slice(gone);
    this.#first += gone;
  }
}
