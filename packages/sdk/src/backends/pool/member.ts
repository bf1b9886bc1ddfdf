import { VoiceFlowError } from '../../contract/errors.ts';
import { messageOf } from './failure.ts';
import type { Reply, Request, Settings, Tensors } from './protocol.ts';
import type { Thread } from './thread.ts';

interface PendingRequest {
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

/** The pool's side of one worker. Sends one request at a time, which gets a reply or fails. */
export class Member {
  /** The caller aborted its run, but the run has not ended in time: the worker no longer counts as available. */
  parked = false;
  readonly #thread: Thread;
  readonly #exited: Promise<void>;
  #pending: PendingRequest | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #open = false;
  #ended = false;

  constructor(thread: Thread) {
    this.#thread = thread;
    this.#exited = new Promise((resolve) => {
      thread.listen({
        message: (reply) => this.#answer(reply),
        exited: (reason) => {
          this.#ended = true;
          const why = reason ? `: ${reason.message}` : '';
          this.#takePending()?.reject(
            new VoiceFlowError('backend-failed', `the worker exited during a request${why}`, {
              hint: 'try the call again: another worker replaces it',
              cause: reason,
            }),
          );
          resolve();
        },
      });
    });
  }

  get busy(): boolean {
    return this.#pending !== undefined;
  }

  /** Open, alive and without a request. */
  get idle(): boolean {
    return this.#open && !this.#ended && !this.busy;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Settles when the current request is answered. */
  get answered(): Promise<unknown> {
    return this.#last;
  }

  get killable(): boolean {
    return this.#thread.killable;
  }

  /** @returns The `opened` reply. @throws VoiceFlowError The worker's error. */
  async open(bytes: Uint8Array, settings: Settings): Promise<Extract<Reply, { kind: 'opened' }>> {
    // Each worker gets its own copy of the bytes: ONNX Runtime does not accept shared memory.
    const own = new Uint8Array(bytes);
    const { guard } = this.#thread;
    const request = { kind: 'open', bytes: own, settings, guard } as const;
    const opened = expect('opened', await this.#request(request, [own.buffer]));
    this.#open = true;
    return opened;
  }

  async run(feeds: Tensors, transfer: ArrayBuffer[]): Promise<Extract<Reply, { kind: 'result' }>> {
    return expect('result', await this.#request({ kind: 'run', feeds }, transfer));
  }

  /** Waits for the current run, then lets the worker free its session and end itself. Never throws. */
  async stop(): Promise<void> {
    await this.#last.catch(() => {});
    if (!this.#ended) await this.#request({ kind: 'stop' }).catch(() => {});
    return this.#exited;
  }

  /** Ends the worker during its run. Only for killable threads. */
  kill(): void {
    this.#thread.kill();
  }

  #request(request: Request, transfer?: ArrayBuffer[]): Promise<Reply> {
    const reply = new Promise<Reply>((resolve, reject) => {
      this.#post(request, transfer);
      this.#thread.hold(true);
      this.#pending = { resolve, reject };
    });
    this.#last = reply;
    return reply;
  }

  #post(request: Request, transfer: ArrayBuffer[] | undefined): void {
    try {
      this.#thread.post(request, transfer);
    } catch (cause) {
      throw new VoiceFlowError('model-incompatible', `the feeds could not be sent to the worker: ${messageOf(cause)}`, {
        hint: 'use separate buffers for each run: a run transfers them',
        cause,
      });
    }
  }

  #answer(reply: Reply): void {
    // A worker without a request must not keep the process alive, except while it is ending.
    if (reply.kind !== 'stopped') this.#thread.hold(false);
    this.#takePending()?.resolve(reply);
  }

  #takePending(): PendingRequest | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }
}

function expect<K extends Reply['kind']>(kind: K, reply: Reply): Extract<Reply, { kind: K }> {
  if (reply.kind === 'failed') {
    const { code, message, hint } = reply.failure;
    throw new VoiceFlowError(code, message, { hint });
  }
  if (reply.kind !== kind)
    throw new VoiceFlowError('backend-failed', `the worker sent the reply ${reply.kind}, expected ${kind}`);
  return reply as Extract<Reply, { kind: K }>;
}
