import { CERTAIN_SILENCE, SpeechMask, type SpeechRules } from '../stages/speech.ts';
import type { GateOutput } from './speech-gate.ts';

/** For one frame: sums of the speech and overlap probabilities over all runs that cover it, and the number of runs. */
type Sums = readonly [speech: number, two: number, runs: number];

/**
 * Mean over the runs of a gate's network for the latest frames of a session, which further runs will still cover, and
 * the final mask of the frames before them.
 */
export class RecentSpeech {
  /** Mask of the frames that no further run will cover. */
  #past: SpeechMask;
  /** Sums of the frames after them. */
  #sums: (Sums | undefined)[] = [];

  constructor(rules: SpeechRules) {
    this.#past = new SpeechMask(rules);
  }

  /** Adds the output of a run. No later run covers the frames before its window. */
  add({ start, speech, two }: GateOutput): void {
    pushMeans(this.#past, this.#sums.splice(0, Math.max(0, start - this.#past.known)));
    speech.forEach((p, i) => {
      const at = start + i - this.#past.known;
      if (at < 0) return;
      const [sum, sumOfTwo, runs] = this.#sums[at] ?? [0, 0, 0];
      this.#sums[at] = [sum + p, sumOfTwo + two[i]!, runs + 1];
    });
  }

  /**
   * The mask of the frames from `from` on; by default those that further runs will still cover.
   * @param first Number of the frame `from` in the returned mask.
   */
  mask(from = this.#past.known, first = from): SpeechMask {
    return pushMeans(this.#past.from(from, first), this.#sums);
  }

  /** Drops the frames before `from`; later masks must not start before it. */
  forget(from: number): void {
    if (from > this.#past.first && from <= this.#past.known) this.#past = this.#past.from(from);
  }
}

function pushMeans(mask: SpeechMask, sums: readonly (Sums | undefined)[]): SpeechMask {
  // A frame that no run covers counts as speech. `for…of` visits holes in an array, which `forEach` does not.
  for (const frame of sums) {
    const [sum, two, runs] = frame ?? [1, 0, 1];
    mask.push(sum / runs, two / runs);
  }
  return mask;
}

/**
 * Changes the scores in place: fuses them with the probabilities of the gate, and marks certain silence.
 * @param scores For each speaker, the scores of the frames `[from, to)`. @param onset Score above which a turn begins.
 */
export function markSpeech(
  scores: ReadonlyMap<number, Float32Array>,
  mask: SpeechMask,
  from: number,
  to: number,
  onset: number,
): void {
  const silences = mask.silences(from, to);
  const rows = [...scores].sort(([a], [b]) => a - b).map(([, row]) => row);
  const frame = new Float32Array(rows.length);
  for (let i = 0; i < to - from; i++) {
    if (silences[i] === 1) frame.fill(CERTAIN_SILENCE);
    else {
      for (let k = 0; k < rows.length; k++) frame[k] = rows[k]![i]!;
      mask.fuse(from + i, frame, onset);
    }
    for (let k = 0; k < rows.length; k++) rows[k]![i] = frame[k]!;
  }
}
