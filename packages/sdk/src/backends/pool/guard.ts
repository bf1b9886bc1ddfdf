/**
 * A flag shared with a worker that lets a process exit at any time without interrupting a native call: ending a thread
 * inside ONNX Runtime aborts the whole process (exit code 134, cannot be caught). Each side writes its own cell and
 * then reads the other's, so that at least one of them sees the other.
 */
const BUSY = 0;
const EXITING = 1;

export function createGuard(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
}

/** In the worker: runs native work, unless the process is about to exit (then the promise never settles). */
export async function guarded<T>(guard: Int32Array | undefined, work: () => Promise<T>): Promise<T> {
  if (!guard) return work();
  Atomics.store(guard, BUSY, 1);
  if (Atomics.load(guard, EXITING) === 1) {
    setIdle(guard);
    return new Promise<never>(() => {});
  }
  try {
    return await work();
  } finally {
    setIdle(guard);
  }
}

function setIdle(guard: Int32Array): void {
  Atomics.store(guard, BUSY, 0);
  Atomics.notify(guard, BUSY);
}

/**
 * In the main thread, when the process exits: blocks until the worker has left native code, and keeps it out.
 * @returns False if `timeout` milliseconds passed first.
 */
export function awaitGuard(guard: Int32Array, timeout: number): boolean {
  Atomics.store(guard, EXITING, 1);
  return Atomics.wait(guard, BUSY, 1, timeout) !== 'timed-out';
}
