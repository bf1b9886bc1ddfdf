/**
 * Runs `work` on items concurrently, at most `limit` at once, and passes the results to `consume` in the order of the
 * items. `work` must not throw. When `consume` throws or the signal fires, no further item is started, and running
 * ones are awaited.
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

/** A semaphore whose waiters are served in order. */
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
