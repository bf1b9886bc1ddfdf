import { throwIfAborted } from './errors.ts';

/**
 * Long work in small pieces: a generator that yields every few milliseconds of work and returns the result. So the same
 * code runs at one go (`finish`) or with room for others in between (`paced`): a server answers while hours of audio
 * are clustered, and a signal is heard.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Milliseconds of work before others get their turn. */
const SLICE = 8;

/** Runs the steps at one go. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Runs the steps in slices, with a macrotask between. @throws `aborted` between two slices. */
export async function paced<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  let begun = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - begun < SLICE) continue;
    await new Promise<void>((done) => setTimeout(done));
    throwIfAborted(signal);
    begun = performance.now();
  }
}
