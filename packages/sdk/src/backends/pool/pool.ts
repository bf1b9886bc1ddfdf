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
  /** Workers at most; the first starts at once, the others when runs queue up. */
  readonly workers: number;
  readonly settings: Settings;
  readonly spawn: () => Thread;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that a run may go on after its caller gave it up before its worker is written off. */
  readonly patience?: number;
}

/** A window takes 10 ms, a batch of 32 a third of a second: what takes longer than this is stuck, or nearly. */
const PATIENCE_MS = 1000;

/** Milliseconds until a worker that could not be started is tried again: doubled each time, up to the second. */
const RETRY_MS = [1000, 60_000] as const;

/** Threads at most for each worker asked for, those written off included: a bound on what stuck runs can eat. */
const THREADS_PER_WORKER = 2;

/**
 * Opens a model in a pool of workers.
 * @throws `aborted`; what the worker says: `model-incompatible`, `backend-unavailable`, `backend-failed`.
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

interface Job {
  readonly feeds: Tensors;
  readonly transfer: ArrayBuffer[];
  settle(result: Promise<Tensors>): void;
  /** The member that runs it. */
  member?: Member;
}

class Pool implements Model {
  inputs: readonly TensorInfo[] = [];
  outputs: readonly TensorInfo[] = [];
  readonly concurrency: number;
  readonly #options: PoolOptions;
  readonly #bytes: Uint8Array;
  readonly #members = new Set<Member>();
  readonly #queue: Job[] = [];
  readonly #waiters: (() => void)[] = [];
  #opening = 0;
  /** When another worker may be started, after one could not be; and how long to wait when the next cannot. */
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
    if (this.#closing) throw closedError(this.#options.model.name);
    throwIfAborted(signal);
    checkFeeds(this.inputs, feeds);
    const { tensors, transfer } = pack(feeds);
    return new Promise((resolve, reject) => {
      const abort = () => {
        if (signal) reject(abortError(signal));
        this.#giveUp(job);
      };
      const job: Job = {
        feeds: tensors,
        transfer,
        settle(result) {
          // First of all: once the caller knows, its signal must not reach what the worker does next.
          result.then(forget, forget);
          result.then(resolve, reject);
        },
      };
      const forget = onAbort(signal, abort);
      this.#queue.push(job);
      this.#pump();
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    while (this.#queue.length > 0 || this.#some((member) => member.busy && !member.parked)) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
    // A worker that was written off goes when its run ends; nobody waits for that.
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

  #grow(): void {
    this.#start()
      .catch((error: unknown) => this.#stayWithout(error))
      .finally(() => this.#pump());
  }

  /** A further worker could not start: go on with those there are for a while, or fail what waits when there are none. */
  #stayWithout(error: unknown): void {
    const { pause } = this.#retry;
    this.#retry = { at: performance.now() + pause, pause: Math.min(RETRY_MS[1], 2 * pause) };
    if (this.#active() > 0) return;
    for (const job of this.#queue.splice(0)) job.settle(Promise.reject(error));
  }

  /** Hands waiting runs to idle workers and starts workers for the rest. Called after each change. */
  #pump(): void {
    for (const member of this.#members) {
      if (member.ended) this.#members.delete(member);
      else if (member.idle) this.#employ(member);
    }
    const bound = THREADS_PER_WORKER * this.#options.workers;
    for (let unserved = this.#queue.length - this.#opening; unserved > 0; unserved -= 1) {
      const active = this.#active();
      if (active >= this.concurrency || this.#members.size >= bound) break;
      // With none at work a call is due an answer now: the worker's, or why it cannot start.
      if (active > 0 && performance.now() < this.#retry.at) break;
      this.#grow();
    }
    for (const wake of this.#waiters.splice(0)) wake();
  }

  #employ(member: Member): void {
    if (this.#active() > this.concurrency) {
      // It was written off, came back, and its successor is at work.
      this.#members.delete(member);
      void member.stop();
      return;
    }
    const job = this.#queue.shift();
    if (!job) return;
    job.member = member;
    const result = member.run(job.feeds, job.transfer);
    job.settle(result);
    const done = () => {
      member.parked = false;
      this.#pump();
    };
    result.then(done, done);
  }

  /** The caller no longer wants it: forget it if it waits, else let it end and watch that it does. */
  #giveUp(job: Job): void {
    const { member } = job;
    if (!member) {
      const at = this.#queue.indexOf(job);
      // Absent: it has failed in this moment, as all that waited.
      if (at >= 0) this.#queue.splice(at, 1);
      this.#pump();
      return;
    }
    const timer = setTimeout(() => {
      member.parked = true;
      if (member.killable) member.kill();
      this.#pump();
    }, this.#options.patience ?? PATIENCE_MS);
    const calm = () => clearTimeout(timer);
    member.answered.then(calm, calm);
  }

  #active(): number {
    let count = 0;
    for (const member of this.#members) if (!member.parked && !member.ended) count += 1;
    return count;
  }

  #some(test: (member: Member) => boolean): boolean {
    for (const member of this.#members) if (test(member)) return true;
    return false;
  }
}

function closedError(name: string): VoiceFlowError {
  return new VoiceFlowError('closed', `the model ${name} was used after close()`, { hint: 'load it again' });
}
