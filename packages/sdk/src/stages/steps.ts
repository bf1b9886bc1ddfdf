/**
 * Long work in small steps: a generator that yields every few milliseconds of work and returns the result. So the same
 * code can run without interruption (`finish`), or in slices (`paced`) that let a server respond and abort signals take
 * effect while hours of audio are clustered.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Runs all steps without interruption. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Additions and multiplications per step: a few milliseconds. */
const PER_STEP = 1 << 21;

/** Counts work, for loops in which the cost of an iteration depends on the input. */
export class Work {
  #done = 0;

  /** Adds the cost of the next iteration. @returns Whether it is time to yield. */
  isDue(cost: number): boolean {
    this.#done += cost;
    if (this.#done < PER_STEP) return false;
    this.#done = 0;
    return true;
  }
}
