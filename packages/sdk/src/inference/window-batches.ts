import type { AudioSource } from '../contract/audio.ts';
import { throwIfAborted } from '../contract/errors.ts';
import type { WindowCutter } from '../stages/windows.ts';

/** Some windows in a row, as the network takes them: `samples` is `[count, window]` and the receiver's to keep. */
export interface WindowBatch {
  /** Index of the first window. */
  readonly first: number;
  readonly count: number;
  readonly samples: Float32Array;
}

/** Batches of windows of a source, `batch` at a time; memory stays at one batch. Does not close the source. */
export async function* windowBatches(
  source: AudioSource,
  cutter: WindowCutter,
  { window, batch, signal }: { readonly window: number; readonly batch: number; readonly signal?: AbortSignal },
): AsyncGenerator<WindowBatch> {
  const full: WindowBatch[] = [];
  let samples = new Float32Array(batch * window);
  let count = 0;
  let first = 0;
  const close = () => {
    full.push({ first, count, samples: count < batch ? samples.slice(0, count * window) : samples });
    first += count;
    count = 0;
    samples = new Float32Array(batch * window);
  };
  const take = (view: Float32Array) => {
    samples.set(view, count * window);
    if (++count === batch) close();
  };
  for (;;) {
    throwIfAborted(signal);
    const chunk = await source.read();
    if (chunk === null) break;
    cutter.push(chunk, take);
    yield* full.splice(0);
  }
  cutter.end(take);
  if (count > 0) close();
  yield* full;
}
