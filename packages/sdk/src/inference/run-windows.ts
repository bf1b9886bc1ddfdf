import type { AudioSource } from '../contract/audio.ts';
import type { Model, Tensor } from '../contract/backend.ts';
import { abortError, throwIfAborted, VoiceFlowError } from '../contract/errors.ts';
import { WindowCutter } from '../stages/windows.ts';
import { windowBatches } from './window-batches.ts';

export interface WindowRun {
  /** Samples in a window and between windows. */
  readonly window: number;
  readonly hop: number;
  /** Windows of one run of the network. */
  readonly batch: number;
  readonly input: string;
  readonly signal?: AbortSignal;
}

/** Where the time of a run over a recording went, in milliseconds, and how much audio there was. */
export interface WindowRunResult {
  readonly samples: number;
  /** Waiting for audio. */
  readonly decode: number;
}

interface Pending {
  readonly first: number;
  readonly count: number;
  readonly outputs: Promise<Record<string, Tensor>>;
}

/**
 * Runs the network over all windows of a source, keeping `model.concurrency + 1` runs in flight.
 * `take` gets the outputs in order of time, however the runs overtake each other.
 */
export async function runWindows(
  source: AudioSource,
  model: Model,
  { window, hop, batch, input, signal }: WindowRun,
  take: (outputs: Record<string, Tensor>, first: number, count: number) => void,
): Promise<WindowRunResult> {
  const cutter = new WindowCutter(window, hop);
  const pending: Pending[] = [];
  const settle = async () => {
    const next = pending.shift();
    if (!next) return;
    take(await next.outputs, next.first, next.count);
  };
  let decode = 0;
  const batches = windowBatches(source, cutter, { window, batch, ...(signal ? { signal } : {}) });
  try {
    for (;;) {
      throwIfAborted(signal);
      const before = performance.now();
      const step = await abortable(batches.next(), signal);
      decode += performance.now() - before;
      if (step.done) break;
      const { first, count, samples } = step.value;
      const feeds: Record<string, Tensor> = { [input]: { type: 'float32', dims: [count, window], data: samples } };
      const outputs = model.run(feeds, signal ? { signal } : {});
      // A failure is reported when its turn comes; until then it must not count as unhandled.
      outputs.catch(() => {});
      pending.push({ first, count, outputs });
      if (pending.length > model.concurrency) await settle();
    }
    while (pending.length > 0) await settle();
  } finally {
    await Promise.allSettled(pending.map((run) => run.outputs));
  }
  return { samples: cutter.samples, decode };
}

/** Waits for a promise, but no longer than the signal allows: a source may never answer. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(abortError(signal));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** The float32 numbers of an output. @throws `model-incompatible` when they are absent or of the wrong size. */
export function floats(outputs: Record<string, Tensor>, name: string, size: number): Float32Array {
  const tensor = outputs[name];
  if (tensor?.type === 'float32' && tensor.data.length === size) return tensor.data;
  const seen = tensor ? `${tensor.type} [${tensor.dims.join(', ')}]` : 'nothing';
  throw new VoiceFlowError('model-incompatible', `output "${name}" is ${seen}; ${size} float32 numbers were expected`);
}
