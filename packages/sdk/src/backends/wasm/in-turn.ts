let last: Promise<unknown> = Promise.resolve();

/** Runs tasks one after the other. onnxruntime-web starts its WebAssembly with the first session, and only once. */
export function inTurn<T>(task: () => Promise<T>): Promise<T> {
  const mine = last.then(task, task);
  last = mine.catch(() => {});
  return mine;
}
