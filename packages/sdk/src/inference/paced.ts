import { throwIfAborted } from '../contract/errors.ts';
import type { Steps } from '../stages/steps.ts';

/** Milliseconds of work before the event loop gets a turn. */
const SLICE = 8;

/**
 * Runs the steps in slices, with a macrotask between slices.
 * @param onSlice Called after each slice. @throws `aborted` between two slices.
 */
export async function paced<T>(steps: Steps<T>, signal?: AbortSignal, onSlice?: () => void): Promise<T> {
  let begun = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - begun < SLICE) continue;
    await new Promise<void>((done) => setTimeout(done));
    throwIfAborted(signal);
    onSlice?.();
    begun = performance.now();
  }
}
