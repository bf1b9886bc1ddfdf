import { throwIfAborted } from 'voiceflow-ml/core';
import { yieldTurn } from './yield.ts';

/** Milliseconds of work between two turns for the rest of the program. */
const SLICE = 15;

/** Long work that gives way now and then, and ends where nobody waits for it any more. */
export class Pace {
  readonly #signal: AbortSignal | undefined;
  readonly #now: () => number;
  #last: number;

  constructor(signal: AbortSignal | undefined, now: () => number = () => performance.now()) {
    this.#signal = signal;
    this.#now = now;
    this.#last = now();
  }

  /** Whether the slice is over, or there is nothing to go on for. */
  get due(): boolean {
    return this.#signal?.aborted === true || this.#now() - this.#last >= SLICE;
  }

  /** @throws `aborted`, before and after the others had their turn. */
  async giveWay(): Promise<void> {
    throwIfAborted(this.#signal);
    await yieldTurn();
    this.#last = this.#now();
    throwIfAborted(this.#signal);
  }
}
