/** Who waits for each signal. */
const waiting = new WeakMap<AbortSignal, Set<{ readonly callback: () => void }>>();

/**
 * Calls back when a signal fires, unless it has already. All that wait for a signal share one listener of it: one call
 * has many runs of the network under way, and Node warns of a leak from eleven listeners on.
 * @returns Stops waiting.
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (!signal || signal.aborted) return () => {};
  const own = { callback };
  const all = waiting.get(signal) ?? new Set();
  all.add(own);
  if (all.size === 1) {
    waiting.set(signal, all);
    signal.addEventListener('abort', fired, { once: true });
  }
  return () => {
    if (!all.delete(own) || all.size > 0 || waiting.get(signal) !== all) return;
    waiting.delete(signal);
    signal.removeEventListener('abort', fired);
  };
}

function fired(this: AbortSignal): void {
  const all = waiting.get(this);
  waiting.delete(this);
  for (const one of all ?? []) {
    all?.delete(one);
    one.callback();
  }
}
