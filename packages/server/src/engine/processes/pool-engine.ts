import { VoiceFlowError } from 'voiceflow-ml/core';
import {
  type Engine,
  type EngineInfo,
  type Lane,
  type LiveChannel,
  type LiveMessage,
  type LiveRequest,
  laneOf,
  type Task,
  type TaskContext,
  type TaskReply,
} from '../engine.ts';
import { MAX_CRASHES, PoisonList, poisonous } from './poison.ts';
import { type WorkerCommand, type WorkerOptions, WorkerProcess } from './worker-process.ts';

export interface PoolOptions extends Partial<WorkerOptions> {
  readonly workers: number;
  readonly command: WorkerCommand;
  /** Called for each worker that ended or failed to start; it is replaced in either case. */
  readonly onWorkerEnd?: (error: unknown) => void;
}

/**
 * Tasks per worker: one is computed and the next are already in the worker, so that no core waits for a pipe, or for a
 * server that waits for a core. With two windows, workers were idle a tenth of the time under 20 clients.
 */
const PER_WORKER: Readonly<Record<Lane, number>> = { infer: 4, recording: 1 };
/** Number of tries of a task when the cause of its workers' deaths is unknown. */
const ATTEMPTS = 3;
const GRACE_MS = 2_000;
const START_MS = 60_000;
const SILENT_MS = 15_000;
/** Delays between starts of a worker that fails to start; doubled each time, up to `last`. */
const BACKOFF_MS = { first: 100, last: 5_000 };

/** An engine of worker processes that are replaced when they die. */
export class PoolEngine implements Engine {
  readonly #options: PoolOptions;
  readonly #workers: (WorkerProcess | undefined)[];
  readonly #listeners: (() => void)[] = [];
  #info: Omit<EngineInfo, 'slots'> | undefined;
  /** `#info` with the current slots. */
  #current: EngineInfo | undefined;
  #startError: VoiceFlowError | undefined;
  #closing = false;
  #restarts = 0;
  #wake: (() => void)[] = [];
  readonly #poison = new PoisonList();

  private constructor(options: PoolOptions) {
    this.#options = options;
    this.#workers = new Array(options.workers).fill(undefined);
  }

  /**
   * Starts all workers; resolves when one is ready.
   * @throws the first worker's error when none can start, such as `model-not-found`.
   */
  static async start(options: PoolOptions): Promise<PoolEngine> {
    const pool = new PoolEngine(options);
    const starts = pool.#workers.map((_, slot) => pool.#spawn(slot));
    try {
      await Promise.any(starts);
      // The others may become ready later. One that fails is restarted.
      starts.forEach((start, slot) => {
        start.catch((error) => {
          options.onWorkerEnd?.(error);
          return pool.#replace(slot);
        });
      });
    } catch (error) {
      await pool.close();
      throw error instanceof AggregateError ? error.errors[0] : error;
    }
    return pool;
  }

  get info(): EngineInfo | undefined {
    return this.#current;
  }

  get ready(): boolean {
    return this.#ready().length > 0;
  }

  /** Why the last start failed, while no worker is ready. */
  get failure(): VoiceFlowError | undefined {
    const error = this.#startError;
    if (this.ready || error?.code !== 'backend-failed') return this.ready ? undefined : error;
    return new VoiceFlowError('backend-unavailable', `no worker could be started: ${error.message}`, {
      hint: 'Try again in a few seconds; the server is restarting the worker.',
      retryAfter: BACKOFF_MS.last / 1000,
    });
  }

  /** Workers replaced since the start. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Process ids of the workers that are ready. */
  get pids(): number[] {
    return this.#ready().flatMap((worker) => worker.pid ?? []);
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async run(task: Task, body: readonly Uint8Array[], context: TaskContext): Promise<TaskReply> {
    this.#poison.check(body);
    let crashes = 0;
    const blamed = () => {
      crashes++;
      context.onBlame?.();
    };
    for (let attempt = 1; ; attempt++) {
      // Chosen and given its task without an await in between, so that concurrent tasks do not all choose the same
      // worker.
      let worker = this.#pick(laneOf(task));
      while (worker === undefined) {
        await this.#changes(context.signal);
        worker = this.#pick(laneOf(task));
      }
      try {
        return await worker.run(task, body, { ...context, onBlame: blamed });
      } catch (error) {
        if (crashes >= MAX_CRASHES) {
          this.#poison.add(body);
          throw poisonous();
        }
        const again = VoiceFlowError.isInstance(error) && error.code === 'backend-failed';
        if (!again || attempt === (context.attempts ?? ATTEMPTS) || context.signal.aborted || this.#closing)
          throw error;
      }
    }
  }

  async open(request: LiveRequest, onMessage: (message: LiveMessage) => void): Promise<LiveChannel> {
    const [worker] = this.#ready().sort((a, b) => a.sessions - b.sessions);
    if (worker === undefined) throw this.#unavailable();
    return worker.open(request, onMessage);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#workers.map((worker) => worker?.stop()));
  }

  #ready(): WorkerProcess[] {
    return this.#workers.filter((worker) => worker?.alive && worker.info !== undefined) as WorkerProcess[];
  }

  /** The ready worker with the fewest tasks of the lane. */
  #pick(lane: Lane): WorkerProcess | undefined {
    const [worker] = this.#ready().sort((a, b) => a.count(lane) - b.count(lane));
    return worker;
  }

  /** Resolves when the set of workers changes. @throws the signal's reason; the reason why no worker will start. */
  async #changes(signal: AbortSignal): Promise<void> {
    if (this.failure !== undefined || this.#closing) throw this.#unavailable();
    await new Promise<void>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#wake.push(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }

  #unavailable(): VoiceFlowError {
    return (
      this.failure ??
      new VoiceFlowError('backend-unavailable', 'no worker is ready', { hint: 'Try again in a second.', retryAfter: 1 })
    );
  }

  async #spawn(slot: number): Promise<void> {
    const { graceMs = GRACE_MS, startMs = START_MS, silentMs = SILENT_MS, command } = this.#options;
    const worker = new WorkerProcess(command, { graceMs, startMs, silentMs });
    this.#workers[slot] = worker;
    void worker.exited.then(() => this.#changed());
    await worker.ready;
    this.#info = worker.info;
    this.#startError = undefined;
    this.#changed();
    void worker.exited.then((error) => {
      if (this.#closing) return;
      this.#options.onWorkerEnd?.(error);
      return this.#replace(slot);
    });
  }

  async #replace(slot: number): Promise<void> {
    for (let wait = 0; !this.#closing; wait = Math.min(Math.max(wait * 2, BACKOFF_MS.first), BACKOFF_MS.last)) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (this.#closing) return;
      this.#restarts++;
      try {
        return await this.#spawn(slot);
      } catch (error) {
        this.#options.onWorkerEnd?.(error);
        if (!this.ready && VoiceFlowError.isInstance(error)) this.#startError = error;
        this.#changed();
      }
    }
  }

  #changed(): void {
    const ready = this.#ready().length;
    const slots = { infer: ready * PER_WORKER.infer, recording: ready * PER_WORKER.recording };
    this.#current = this.#info && { ...this.#info, slots };
    for (const wake of this.#wake.splice(0)) wake();
    for (const listener of this.#listeners) listener();
  }
}
