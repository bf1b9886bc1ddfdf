import type { AudioSource } from '../contract/audio.ts';
import type { Model, Tensor } from '../contract/backend.ts';
import { throwIfAborted, VoiceFlowError } from '../contract/errors.ts';
import { abortable } from '../contract/on-abort.ts';
import { WindowCutter } from '../stages/windows.ts';

interface WindowRun {
  /** Samples in a window and between windows. */
  readonly window: number;
  readonly hop: number;
  /** Windows per run of the network. */
  readonly batch: number;
  readonly input: string;
  /** Input shape for a number of windows. Default `[count, window]`. */
  readonly dims?: (count: number) => readonly number[];
  readonly signal?: AbortSignal;
}

/** Receives the outputs of `count` windows from window `first` on. */
type TakeOutputs = (outputs: Record<string, Tensor>, first: number, count: number) => void | Promise<void>;

interface Pending {
  readonly first: number;
  readonly count: number;
  readonly outputs: Promise<Record<string, Tensor>>;
}

/**
 * Runs a network on windows of samples that are pushed in chunks of any size, with up to `model.concurrency + 1` runs
 * in flight. `take` receives the outputs in time order, even if runs finish out of order. Holds one batch of samples.
 */
export class WindowRunner {
  readonly #model: Model;
  readonly #run: WindowRun;
  readonly #take: TakeOutputs;
  readonly #cutter: WindowCutter;
  readonly #pending: Pending[] = [];
  #full: Float32Array[] = [];
  #batch: Float32Array;
  #count = 0;
  #first = 0;

  constructor(model: Model, run: WindowRun, take: TakeOutputs) {
    this.#model = model;
    this.#run = run;
    this.#take = take;
    this.#cutter = new WindowCutter(run.window, run.hop);
    this.#batch = this.#newBatch();
  }

  /** Samples seen so far. */
  get samples(): number {
    return this.#cutter.samples;
  }

  /** Adds samples (copied before it returns). Resolves when there is room for more. @throws `aborted`; model errors. */
  async push(samples: Float32Array): Promise<void> {
    this.#cutter.push(samples, this.#add);
    await this.#start(this.#model.concurrency);
  }

  /** Ends the audio: runs the remaining windows, and waits for all runs. */
  async end(): Promise<void> {
    this.#cutter.end(this.#add);
    if (this.#count > 0) this.#close();
    await this.#start(0);
  }

  /** Waits for runs in flight, ignoring their errors. To be called after a failure. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pending.map((run) => run.outputs));
  }

  readonly #add = (window: Float32Array): void => {
    this.#batch.set(window, this.#count * this.#run.window);
    if (++this.#count === this.#run.batch) this.#close();
  };

  #close(): void {
    const whole = this.#count === this.#run.batch;
    this.#full.push(whole ? this.#batch : this.#batch.slice(0, this.#count * this.#run.window));
    this.#batch = this.#newBatch();
    this.#count = 0;
  }

  #newBatch(): Float32Array {
    const length = this.#run.batch * this.#run.window;
    return this.#model.spare?.(length) ?? new Float32Array(length);
  }

  /** Starts the runs of full batches, then waits until at most `most` runs are in flight. */
  async #start(most: number): Promise<void> {
    const { window, input, signal, dims = (count: number) => [count, window] } = this.#run;
    const full = this.#full;
    this.#full = [];
    for (const data of full) {
      throwIfAborted(signal);
      const count = data.length / window;
      const feeds: Record<string, Tensor> = { [input]: { type: 'float32', dims: dims(count), data } };
      const outputs = this.#model.run(feeds, { signal });
      // A failure is thrown when the run is awaited; until then it must not count as an unhandled rejection.
      outputs.catch(() => {});
      this.#pending.push({ first: this.#first, count, outputs });
      this.#first += count;
      await this.#settle(this.#model.concurrency);
    }
    await this.#settle(most);
  }

  async #settle(most: number): Promise<void> {
    while (this.#pending.length > most) {
      const { outputs, first, count } = this.#pending[0]!;
      const result = await outputs;
      this.#pending.shift();
      await this.#take(result, first, count);
    }
  }
}

/**
 * Pushes all audio of a source to a runner.
 * @returns Milliseconds of waiting for audio. @throws `aborted`; errors of the source and of the runner.
 */
export async function pushAll(
  source: AudioSource,
  runner: Pick<WindowRunner, 'push' | 'end' | 'settled'>,
  signal: AbortSignal | undefined,
): Promise<number> {
  let decode = 0;
  try {
    for (;;) {
      throwIfAborted(signal);
      const before = performance.now();
      const chunk = await abortable(source.read(), signal);
      decode += performance.now() - before;
      if (chunk === null) break;
      await runner.push(chunk);
    }
    await runner.end();
  } finally {
    await runner.settled();
  }
  return decode;
}

/**
 * Returns the float32 data of an output.
 * @throws `model-incompatible` if it is absent or has the wrong size; `backend-failed` if a number is not finite, which
 *   later steps would treat as silence or as an error of the caller.
 */
export function floats(outputs: Record<string, Tensor>, name: string, size: number): Float32Array {
  const tensor = outputs[name];
  if (tensor?.type === 'float32' && tensor.data.length === size) {
    checkFinite(tensor.data, name);
    return tensor.data;
  }
  const seen = tensor ? `${tensor.type} [${tensor.dims.join(', ')}]` : 'missing';
  throw new VoiceFlowError('model-incompatible', `output "${name}" is ${seen}, expected ${size} float32 numbers`);
}

/** @param name Name of the output. @throws `backend-failed` if a number is not finite. */
export function checkFinite(data: Float32Array, name: string): void {
  // The sum is finite if and only if all numbers are: a sum of finite float32 numbers cannot overflow a double.
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]!;
  if (Number.isFinite(sum)) return;
  const at = data.findIndex((value) => !Number.isFinite(value));
  throw new VoiceFlowError(
    'backend-failed',
    `the network's output "${name}" is ${data[at]} at index ${at}, expected finite numbers`,
    { hint: 'try another backend, or check the weights: a valid network outputs finite numbers for any audio' },
  );
}
