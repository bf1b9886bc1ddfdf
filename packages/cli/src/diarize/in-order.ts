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
  const semaphore = new Semaphore(limit);
  const outcomes = items.map(async (item) => {
    await semaphore.acquire();
    try {
      return stopped || signal.aborted ? undefined : { item, result: await work(item) };
    } finally {
      semaphore.release();
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
class Semaphore {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  acquire(): Promise<void> {
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#free--;
    return Promise.resolve();
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
