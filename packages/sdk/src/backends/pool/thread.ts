import type { Reply, Request } from './protocol.ts';

export interface ThreadEvents {
  message(reply: Reply): void;
  /** Called once, when the thread has ended for any reason. */
  exited(reason: Error | undefined): void;
}

/** A worker thread, as used by the pool. */
export interface Thread {
  /** Shared flag that delays the exit of the process while the worker is in native code; see `guard.ts`. */
  readonly guard?: Int32Array;
  /** Whether `kill` is safe during a run. */
  readonly killable: boolean;
  listen(events: ThreadEvents): void;
  post(request: Request, transfer?: ArrayBuffer[]): void;
  /** Sets whether the thread keeps the process alive. */
  hold(alive: boolean): void;
  /** Ends the thread at once. Only for killable threads. */
  kill(): void;
}

export interface ThreadOptions extends Pick<Thread, 'guard' | 'killable'> {
  readonly onExit?: () => void;
}

/** The subset of a Web Worker that is used. */
export interface WebWorker {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<Reply>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

export function webThread(worker: WebWorker, options: ThreadOptions): Thread {
  let ended = false;
  let alive = true;
  const end = (events: ThreadEvents, reason?: Error) => {
    if (ended) return;
    ended = true;
    worker.terminate();
    options.onExit?.();
    events.exited(reason);
  };
  let kill = () => worker.terminate();
  return {
    ...options,
    listen(events) {
      worker.onmessage = ({ data }) => {
        events.message(data);
        // A Web Worker emits no event when it ends; `stopped` is its last message.
        if (data.kind === 'stopped') end(events);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        end(events, new Error(event.message));
      };
      kill = () => end(events);
    },
    post: (request, transfer = []) => worker.postMessage(request, transfer),
    hold(wanted) {
      if (wanted === alive) return;
      alive = wanted;
      denoHold(worker, wanted);
    },
    kill: () => kill(),
  };
}

/**
 * Deno keeps the process alive for every Web Worker and has no `unref`. Its `node:worker_threads` uses a method under
 * an unnamed symbol for this (but takes 8 ms for each message with a buffer, so Web Workers are used here). If the
 * method is missing, the process stays alive until `close()`; `tests/runtimes` would detect that.
 */
function denoHold(worker: object, wanted: boolean): void {
  const prototype: object = Object.getPrototypeOf(worker);
  const symbol = Object.getOwnPropertySymbols(prototype).find((key) => !key.description);
  const method: unknown = symbol && Reflect.get(prototype, symbol);
  if (typeof method === 'function') method.call(worker, wanted);
}
