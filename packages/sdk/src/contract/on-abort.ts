import { abortError } from './errors.ts';

/** Registered callbacks for each signal. */
const waiting = new WeakMap<AbortSignal, Set<{ readonly callback: (signal: AbortSignal) => void }>>();

/**
 * Calls `callback` when the signal aborts; does nothing if it has already aborted. All callbacks of a signal share one
 * event listener: one call has many network runs in flight, and Node warns of a leak from eleven listeners on.
 * @returns A function that removes the callback.
 */
export function onAbort(signal: AbortSignal | undefined, callback: (signal: AbortSignal) => void): () => void {
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
    one.callback(this);
  }
}

/** Waits for a promise, or rejects as soon as the signal aborts: a source may never answer. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(abortError(signal));
    if (signal.aborted) stop();
    promise.then(resolve, reject).finally(onAbort(signal, stop));
  });
}
