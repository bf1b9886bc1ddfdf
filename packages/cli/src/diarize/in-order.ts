/**
 * Works on items side by side, at most `limit` at once, and hands over what came of them in the order of the items.
 * `work` must not throw. Stops taking further items once `consume` has thrown or the signal has fired; what is under way
 * is waited for.
 */
export async function inOrder<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
  consume: (result: R, item: T) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const started: Promise<R>[] = [];
  const begin = () => {
    const item = items[started.length];
    if (item !== undefined && !signal.aborted) started.push(work(item));
  };
  try {
    for (let i = 0; i < items.length; i++) {
      while (started.length < Math.min(items.length, i + limit) && !signal.aborted) begin();
      const [result, item] = [started[i], items[i]];
      if (result === undefined || item === undefined) return;
      await consume(await result, item);
    }
  } finally {
    await Promise.allSettled(started);
  }
}
