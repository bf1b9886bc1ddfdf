import type { LiveEndOptions, VoiceFlowError } from 'voiceflow-ml/core';
import type { LiveChannel, LiveMessage, LiveRequest } from '../engine.ts';
import { type FromWorker, type ToWorker, toWireRequest } from './messages.ts';

interface Session {
  readonly emit: (message: LiveMessage) => void;
  readonly opened: { resolve(): void; reject(error: VoiceFlowError): void };
  /** Pushes that have not been processed, oldest first. */
  readonly pushes: (() => void)[];
}

/** What the sessions need of their worker process. */
interface Worker {
  /** A worker with unprocessed live audio that sends nothing for this many milliseconds counts as hung. */
  readonly silentMs: number;
  send(message: ToWorker, body?: readonly Uint8Array[]): void;
  kill(why: string): void;
}

/** The live sessions of one worker process, on the server's side. */
export class WorkerSessions {
  readonly #worker: Worker;
  readonly #sessions = new Map<number, Session>();
  #lastReceivedAt = performance.now();
  #watch: ReturnType<typeof setTimeout> | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  get count(): number {
    return this.#sessions.size;
  }

  async open(id: number, request: LiveRequest, emit: (message: LiveMessage) => void): Promise<LiveChannel> {
    await new Promise<void>((resolve, reject) => {
      this.#sessions.set(id, { emit, opened: { resolve, reject }, pushes: [] });
      this.#worker.send({ type: 'open', id, request: toWireRequest(request) });
    });
    return {
      push: (bytes) => this.#push(id, bytes),
      end: (options: LiveEndOptions) => this.#worker.send({ type: 'end', id, options }),
      close: () => {
        if (this.#forget(id)) this.#worker.send({ type: 'drop', id });
      },
    };
  }

  received(): void {
    this.#lastReceivedAt = performance.now();
  }

  take(message: Extract<FromWorker, { type: 'opened' | 'taken' | 'live' }>): void {
    const session = this.#sessions.get(message.id);
    if (session === undefined) return;
    if (message.type === 'opened') session.opened.resolve();
    else if (message.type === 'taken') session.pushes.shift()?.();
    else {
      const last = message.message.type === 'end' || message.message.type === 'error';
      if (last) this.#forget(message.id);
      session.emit(message.message);
    }
  }

  /** The worker could not open a session; ignored when `id` is not that of a session. */
  refused(id: number, error: VoiceFlowError): void {
    this.#sessions.get(id)?.opened.reject(error);
    this.#forget(id);
  }

  fail(error: VoiceFlowError): void {
    clearTimeout(this.#watch);
    for (const [id, session] of [...this.#sessions]) {
      this.#forget(id);
      session.opened.reject(error);
      session.emit({ type: 'error', code: error.code, message: error.message, hint: 'Connect again.' });
    }
  }

  #push(id: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const session = this.#sessions.get(id);
    if (session === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      session.pushes.push(resolve);
      this.#watch ??= setTimeout(() => this.#checkSilence(), this.#worker.silentMs);
      this.#worker.send({ type: 'push', id }, [bytes]);
    });
  }

  /** Live audio has no deadlines that would reveal a hanging worker, so its silence is monitored. */
  #checkSilence(rechecked = false): void {
    this.#watch = undefined;
    if (![...this.#sessions.values()].some(({ pushes }) => pushes.length > 0)) return;
    const { silentMs } = this.#worker;
    const silent = performance.now() - this.#lastReceivedAt;
    // After the server was suspended, its timers fire before it has read data that arrived in the meantime; check
    // again.
    if (silent >= silentMs && !rechecked) this.#watch = setTimeout(() => this.#checkSilence(true), 0);
    else if (silent >= silentMs) this.#worker.kill(`no message for ${silentMs} ms, with live audio pending`);
    else this.#watch = setTimeout(() => this.#checkSilence(), silentMs - silent);
  }

  #forget(id: number): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined) return false;
    this.#sessions.delete(id);
    for (const taken of session.pushes.splice(0)) taken();
    return true;
  }
}
