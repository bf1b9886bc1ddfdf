import { CERTAIN_SILENCE } from './speech.ts';

/** Rules for making turns of a speaker's scores. Scores in [0, 1]; lengths in frames. */
export interface TurnRules {
  /** A turn begins above this score … */
  readonly onset: number;
  /** … and ends below this one (≤ `onset`). */
  readonly offset: number;
  /** Pauses shorter than this are filled. */
  readonly shortestGap: number;
  /** Turns shorter than this are dropped. */
  readonly shortestTurn: number;
}

/** A turn in frames: `[start, end)`, and the mean of its speaker's scores over its active frames. */
export interface FrameTurn {
  readonly speaker: number;
  readonly start: number;
  readonly end: number;
  readonly score: number;
}

interface Open {
  start: number;
  /** End of the last active frame. */
  end: number;
  on: boolean;
  sum: number;
  frames: number;
}

/**
 * Makes turns of scores, frame by frame: hysteresis, short gaps filled, short turns dropped. `CERTAIN_SILENCE` ends a
 * turn at once.
 */
export class TurnTracker {
  readonly #rules: TurnRules;
  readonly #open: (Open | undefined)[] = [];
  readonly #take: (turn: FrameTurn) => void;
  #frame = 0;

  /** @param take Gets each turn when it is known to have ended: in order for one speaker, but not across speakers. */
  constructor(rules: TurnRules, take: (turn: FrameTurn) => void) {
    this.#rules = rules;
    this.#take = take;
  }

  /** @param scores `[speakers]` of the next frame. */
  push(scores: Float32Array): void {
    for (let speaker = 0; speaker < scores.length; speaker++) this.#step(speaker, scores[speaker]!);
    this.#frame++;
  }

  /** Ends the recording and closes open turns. */
  end(): void {
    for (let speaker = 0; speaker < this.#open.length; speaker++) this.#close(speaker);
  }

  #step(speaker: number, score: number): void {
    const open = this.#open[speaker];
    const { onset, offset, shortestGap } = this.#rules;
    if (score === CERTAIN_SILENCE) {
      this.#close(speaker);
      return;
    }
    const on = score > (open?.on ? offset : onset);
    if (on) {
      if (open) {
        open.end = this.#frame + 1;
        open.on = true;
        open.sum += score;
        open.frames++;
      } else {
        this.#open[speaker] = { start: this.#frame, end: this.#frame + 1, on: true, sum: score, frames: 1 };
      }
      return;
    }
    if (!open) return;
    open.on = false;
    if (this.#frame + 1 - open.end >= shortestGap) this.#close(speaker);
  }

  #close(speaker: number): void {
    const open = this.#open[speaker];
    if (!open) return;
    this.#open[speaker] = undefined;
    const { start, end, sum, frames } = open;
    if (end - start >= this.#rules.shortestTurn) this.#take({ speaker, start, end, score: sum / frames });
  }
}
