import { throwIfAborted } from 'voiceflow-ml/core';

/** Milliseconds of work between yields to the event loop. */
const SLICE = 15;

/** Makes long work yield regularly, and stop when its signal fires. */
export class Pace {
  readonly #signal: AbortSignal | undefined;
  readonly #now: () => number;
  #last: number;

  constructor(signal: AbortSignal | undefined, now: () => number = () => performance.now()) {
    this.#signal = signal;
    this.#now = now;
    this.#last = now();
  }

  /** Whether it is time to yield, or the signal has fired. */
  get due(): boolean {
    return this.#signal?.aborted === true || this.#now() - this.#last >= SLICE;
  }

  /** Yields to the event loop. @throws `aborted`, checked before and after. */
  async pause(): Promise<void> {
    throwIfAborted(this.#signal);
    await yieldTurn();
    this.#last = this.#now();
    throwIfAborted(this.#signal);
  }
}

/** Yields to the event loop (timers, sockets, user input). Node's `setImmediate` costs less than a timer. */
function yieldTurn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => void };
  return new Promise((resolve) => {
    if (setImmediate) setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
