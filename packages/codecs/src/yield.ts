/** Yields to the event loop (timers, sockets, user input). Node's `setImmediate` costs less than a timer. */
export function yieldTurn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => void };
  return new Promise((resolve) => {
    if (setImmediate) setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
