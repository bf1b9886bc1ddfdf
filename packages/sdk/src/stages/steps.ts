/**
 * Long work in small pieces: a generator that yields every few milliseconds of work and returns the result. So the same
 * code runs at one go (`finish`) or with room for others in between (`paced`): a server answers while hours of audio
 * are clustered, and a signal is heard.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Runs the steps at one go. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Additions and multiplications of a step: some milliseconds. */
const PER_STEP = 1 << 21;

/** Counts work, for loops whose rounds cost little or much by what is given to them. */
export class Work {
  #done = 0;

  /** Adds what the next round costs; true when a step is full. */
  isDue(cost: number): boolean {
    this.#done += cost;
    if (this.#done < PER_STEP) return false;
    this.#done = 0;
    return true;
  }
}
