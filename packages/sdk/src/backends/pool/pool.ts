import type { Model, ModelFile, RunOptions, Tensor, TensorInfo } from '../../contract/backend.ts';
import { abortError, throwIfAborted, VoiceFlowError } from '../../contract/errors.ts';
import { onAbort } from '../../contract/on-abort.ts';
import { checkFeeds } from './feeds.ts';
import { Member } from './member.ts';
import { checkModelFile } from './options.ts';
import type { Settings, Tensors } from './protocol.ts';
import { pack } from './tensors.ts';
import type { Thread } from './thread.ts';

export interface PoolOptions {
  readonly model: ModelFile;
  /** Maximum number of workers. The first starts at once, the others when runs are queued. */
  readonly workers: number;
  readonly settings: Settings;
  readonly spawn: () => Thread;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the worker of an aborted run is given up if the run has not ended. */
  readonly giveUpMs?: number;
}

/** Default `giveUpMs`. A window takes 10 ms, a batch of 32 a third of a second: a longer run is probably stuck. */
const GIVE_UP_MS = 1000;

/** Milliseconds before starting a worker is retried after a failure: initial value, doubled up to the maximum. */
const RETRY_MS = [1000, 60_000] as const;

/** Maximum threads per requested worker, including those given up, to bound the resources used by stuck runs. */
const THREADS_PER_WORKER = 2;

/**
 * Opens a model in a pool of workers.
 * @throws `aborted`; errors of the worker: `model-incompatible`, `backend-unavailable`, `backend-failed`.
 */
export async function openPool(options: PoolOptions): Promise<Model> {
  const { signal } = options;
  throwIfAborted(signal);
  const pool = new Pool(options);
  const opened = pool.open();
  if (!signal) return opened;
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(abortError(signal));
      opened.then((model) => model.close()).catch(() => {});
    };
    opened.then(resolve, reject).finally(onAbort(signal, abort));
  });
}

interface QueuedRun {
  readonly feeds: Tensors;
  readonly transfer: ArrayBuffer[];
  settle(result: Promise<Tensors>): void;
  /** The worker that runs it. */
  member?: Member;
}

class Pool implements Model {
  inputs: readonly TensorInfo[] = [];
  outputs: readonly TensorInfo[] = [];
  readonly concurrency: number;
  readonly #options: PoolOptions;
  readonly #bytes: Uint8Array;
  readonly #members = new Set<Member>();
  readonly #queue: QueuedRun[] = [];
  readonly #waiters: (() => void)[] = [];
  /** Buffers of feeds of earlier runs. */
  #spent: ArrayBuffer[] = [];
  #opening = 0;
  /** After a failed start: the time from which another worker may be started, and the pause after the next failure. */
  #retry: { readonly at: number; readonly pause: number } = { at: 0, pause: RETRY_MS[0] };
  #closing: Promise<void> | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#bytes = new Uint8Array(checkModelFile(options.model).bytes);
    this.concurrency = options.workers;
  }

  async open(): Promise<Model> {
    const { inputs, outputs } = await this.#start();
    this.inputs = inputs;
    this.outputs = outputs;
    return this;
  }

  async run(feeds: Readonly<Record<string, Tensor>>, { signal }: RunOptions = {}): Promise<Record<string, Tensor>> {
    if (this.#closing) {
      const message = `the model ${this.#options.model.name} was used after close()`;
      throw new VoiceFlowError('closed', message, { hint: 'load it again' });
    }
    throwIfAborted(signal);
    checkFeeds(this.inputs, feeds);
    const { tensors, transfer } = pack(feeds);
    return new Promise((resolve, reject) => {
      const abort = () => {
        if (signal) reject(abortError(signal));
        this.#handleAbort(queued);
      };
      const queued: QueuedRun = {
        feeds: tensors,
        transfer,
        settle(result) {
          // Registered first: once the caller has the result, its signal must not affect the worker's next run.
          result.then(forget, forget);
          result.then(resolve, reject);
        },
      };
      const forget = onAbort(signal, abort);
      this.#queue.push(queued);
      this.#dispatch();
    });
  }

  spare(length: number): Float32Array<ArrayBuffer> | undefined {
    const buffer = this.#spent.find(({ byteLength }) => byteLength === length * Float32Array.BYTES_PER_ELEMENT);
    this.#spent = this.#spent.filter((other) => other !== buffer);
    return buffer && new Float32Array(buffer);
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    this.#spent = [];
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    while (this.#queue.length > 0 || [...this.#members].some((member) => member.busy && !member.parked)) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
    // A worker that was given up ends when its run ends; closing does not wait for it.
    await Promise.all([...this.#members].map((member) => (member.parked ? void member.stop() : member.stop())));
  }

  /** Starts a worker and opens the model in it. */
  async #start() {
    const member = new Member(this.#options.spawn());
    this.#members.add(member);
    this.#opening += 1;
    try {
      const opened = await member.open(this.#bytes, this.#options.settings);
      this.#retry = { at: 0, pause: RETRY_MS[0] };
      return opened;
    } catch (error) {
      this.#members.delete(member);
      await member.stop();
      throw error;
    } finally {
      this.#opening -= 1;
    }
  }

  #addWorker(): void {
    this.#start()
      .catch((error: unknown) => this.#handleStartFailure(error))
      .finally(() => this.#dispatch());
  }

  /**
   * Handles a failed start of a worker: continues with the others for a while, or fails queued runs if there are none.
   */
  #handleStartFailure(error: unknown): void {
    const { pause } = this.#retry;
    this.#retry = { at: performance.now() + pause, pause: Math.min(RETRY_MS[1], 2 * pause) };
    if (this.#active() > 0) return;
    for (const queued of this.#queue.splice(0)) queued.settle(Promise.reject(error));
  }

  /** Gives queued runs to idle workers, and starts workers for the others. Called after each change. */
  #dispatch(): void {
    for (const member of this.#members) {
      if (member.ended) this.#members.delete(member);
      else if (member.idle) this.#assign(member);
    }
    const bound = THREADS_PER_WORKER * this.#options.workers;
    for (let unserved = this.#queue.length - this.#opening; unserved > 0; unserved -= 1) {
      const active = this.#active();
      if (active >= this.concurrency || this.#members.size >= bound) break;
      // Without any worker, try at once, so that the call gets a result or the error of the start.
      if (active > 0 && performance.now() < this.#retry.at) break;
      this.#addWorker();
    }
    for (const wake of this.#waiters.splice(0)) wake();
  }

  #assign(member: Member): void {
    if (this.#active() > this.concurrency) {
      // The worker was given up and replaced, and has become available again.
      this.#members.delete(member);
      void member.stop();
      return;
    }
    const queued = this.#queue.shift();
    if (!queued) return;
    queued.member = member;
    const result = member.run(queued.feeds, queued.transfer).then(({ outputs, spent }) => {
      if (!this.#closing) this.#spent = [...this.#spent, ...spent].slice(-this.concurrency - 1);
      return outputs;
    });
    queued.settle(result);
    const done = () => {
      member.parked = false;
      this.#dispatch();
    };
    result.then(done, done);
  }

  /** Handles an aborted run: removes it from the queue, or lets it end and gives up its worker if it takes too long. */
  #handleAbort(queued: QueuedRun): void {
    const { member } = queued;
    if (!member) {
      const at = this.#queue.indexOf(queued);
      // Absent if all queued runs have just failed.
      if (at >= 0) this.#queue.splice(at, 1);
      this.#dispatch();
      return;
    }
    const timer = setTimeout(() => {
      member.parked = true;
      if (member.killable) member.kill();
      this.#dispatch();
    }, this.#options.giveUpMs ?? GIVE_UP_MS);
    const cancel = () => clearTimeout(timer);
    member.answered.then(cancel, cancel);
  }

  #active(): number {
    let count = 0;
    for (const member of this.#members) if (!member.parked && !member.ended) count += 1;
    return count;
  }
}
