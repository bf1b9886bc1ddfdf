/**
 * Runs `work` on items concurrently, at most `limit` at once, and passes the outcomes to `consume` in the order of the
 * items. When `consume` throws or the signal fires, no further item is started, and running ones are awaited.
 */
export async function inOrder<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
  consume: (outcome: PromiseSettledResult<R>, item: T) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let stopped = false;
  const waiting: (() => void)[] = [];
  let started = 0;
  const outcomes = items.map(async (item) => {
    if (started++ >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      if (stopped || signal.aborted) return undefined;
      const [outcome] = await Promise.allSettled([work(item)]);
      return { item, outcome };
    } finally {
      waiting.shift()?.();
    }
  });
  try {
    for (const outcome of outcomes) {
      const done = await outcome;
      if (done === undefined) return;
      await consume(done.outcome, done.item);
    }
  } finally {
    stopped = true;
    await Promise.allSettled(outcomes);
  }
}
