import { VoiceFlowError } from '../../contract/errors.ts';
import type { Failure, Reply, Request, Settings, Tensors } from './protocol.ts';
import type { Thread } from './thread.ts';

interface Question {
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

/** One worker of the pool: one question at a time, each answered or failed. */
export class Member {
  /** Its run was given up by the caller and has gone on for too long to be counted on. */
  parked = false;
  readonly #thread: Thread;
  readonly #gone: Promise<void>;
  #question: Question | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #open = false;
  #ended = false;

  constructor(thread: Thread) {
    this.#thread = thread;
    this.#gone = new Promise((resolve) => {
      thread.listen({
        message: (reply) => this.#answer(reply),
        gone: (reason) => {
          this.#ended = true;
          this.#take()?.reject(
            new VoiceFlowError('backend-failed', `the worker ended in the middle of its work${because(reason)}`, {
              hint: 'the call may be tried again: another worker takes its place',
              cause: reason,
            }),
          );
          resolve();
        },
      });
    });
  }

  get busy(): boolean {
    return this.#question !== undefined;
  }

  /** Open, alive and without work. */
  get idle(): boolean {
    return this.#open && !this.#ended && !this.busy;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Settles when the question under way is answered. */
  get answered(): Promise<unknown> {
    return this.#last;
  }

  get killable(): boolean {
    return this.#thread.killable;
  }

  /** @returns The `opened` reply. @throws VoiceFlowError as the worker says. */
  async open(bytes: Uint8Array, settings: Settings): Promise<Extract<Reply, { kind: 'opened' }>> {
    // Each worker gets bytes of its own: ONNX Runtime refuses shared memory.
    const own = new Uint8Array(bytes);
    const { guard } = this.#thread;
    const request = { kind: 'open', bytes: own, settings, guard } as const;
    const opened = expect('opened', await this.#ask(request, [own.buffer]));
    this.#open = true;
    return opened;
  }

  async run(feeds: Tensors, transfer: ArrayBuffer[]): Promise<Tensors> {
    return expect('result', await this.#ask({ kind: 'run', feeds }, transfer)).outputs;
  }

  /** Lets the run under way end, then the worker frees its session and ends itself. Never throws. */
  async stop(): Promise<void> {
    await this.#last.catch(() => {});
    if (!this.#ended) await this.#ask({ kind: 'stop' }).catch(() => {});
    return this.#gone;
  }

  /** For killable threads: ends it under its run. */
  kill(): void {
    this.#thread.kill();
  }

  #ask(request: Request, transfer?: ArrayBuffer[]): Promise<Reply> {
    const asked = new Promise<Reply>((resolve, reject) => {
      this.#post(request, transfer);
      this.#thread.hold(true);
      this.#question = { resolve, reject };
    });
    this.#last = asked;
    return asked;
  }

  #post(request: Request, transfer: ArrayBuffer[] | undefined): void {
    try {
      this.#thread.post(request, transfer);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new VoiceFlowError('model-incompatible', `the feeds could not be handed over: ${why}`, {
        hint: 'give each run buffers of its own: a run takes them',
        cause,
      });
    }
  }

  #answer(reply: Reply): void {
    // A worker without work must not keep the process alive; one that is ending is waited for.
    if (reply.kind !== 'stopped') this.#thread.hold(false);
    this.#take()?.resolve(reply);
  }

  #take(): Question | undefined {
    const question = this.#question;
    this.#question = undefined;
    return question;
  }
}

function expect<K extends Reply['kind']>(kind: K, reply: Reply): Extract<Reply, { kind: K }> {
  if (reply.kind === 'failed') throw fromFailure(reply.failure);
  if (reply.kind !== kind) throw new VoiceFlowError('backend-failed', `the worker answered ${reply.kind} for ${kind}`);
  return reply as Extract<Reply, { kind: K }>;
}

function fromFailure({ code, message, hint }: Failure): VoiceFlowError {
  return new VoiceFlowError(code, message, { hint });
}

function because(reason: Error | undefined): string {
  return reason ? `: ${reason.message}` : '';
}
