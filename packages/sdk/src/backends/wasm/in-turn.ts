let last: Promise<unknown> = Promise.resolve();

/** One after the other: onnxruntime-web starts its WebAssembly at the first session, and knows one start only. */
export function inTurn<T>(task: () => Promise<T>): Promise<T> {
  const mine = last.then(task, task);
  last = mine.catch(() => {});
  return mine;
}
