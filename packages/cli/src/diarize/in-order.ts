/**
 * Works on items side by side, at most `limit` at once, and hands over what came of them in the order of the items.
 * `work` must not throw. Begins nothing more once `consume` has thrown or the signal has fired; what is under way is
 * waited for.
 */
export async function inOrder<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
  consume: (result: R, item: T) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let stopped = false;
  const places = new Places(limit);
  const outcomes = items.map(async (item) => {
    await places.take();
    try {
      return stopped || signal.aborted ? undefined : { item, result: await work(item) };
    } finally {
      places.give();
    }
  });
  try {
    for (const outcome of outcomes) {
      const done = await outcome;
      if (done === undefined) return;
      await consume(done.result, done.item);
    }
  } finally {
    stopped = true;
    await Promise.allSettled(outcomes);
  }
}

/** Lets a number of takers in at once, the others in the order in which they came. */
class Places {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  take(): Promise<void> {
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#free--;
    return Promise.resolve();
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
