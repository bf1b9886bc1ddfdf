import type { Reply, Request } from './protocol.ts';

export interface ThreadEvents {
  message(reply: Reply): void;
  /** Once, when the thread has ended for whatever reason. */
  gone(reason: Error | undefined): void;
}

/** A worker as the pool sees it. */
export interface Thread {
  /** Shared with the worker where ending the process under it would be fatal. */
  readonly guard?: Int32Array;
  /** Whether `kill` is safe while a run is under way. */
  readonly killable: boolean;
  listen(events: ThreadEvents): void;
  post(request: Request, transfer?: ArrayBuffer[]): void;
  /** Whether the process must stay alive for it. */
  hold(alive: boolean): void;
  /** Ends the thread at once. Only for killable threads. */
  kill(): void;
}

export interface ThreadOptions {
  readonly killable: boolean;
  readonly guard?: Int32Array;
  readonly onGone?: () => void;
}

/** The part of `node:worker_threads`' Worker that is used. */
export interface NodeWorker {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (message: Reply) => void): unknown;
  on(event: 'error' | 'messageerror', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  ref(): void;
  unref(): void;
  terminate(): Promise<number>;
}

export function nodeThread(worker: NodeWorker, options: ThreadOptions): Thread {
  return {
    ...options,
    listen(events) {
      let reason: Error | undefined;
      worker.on('message', (reply) => events.message(reply));
      worker.on('error', (error) => {
        reason = error;
      });
      worker.on('exit', (code) => {
        options.onGone?.();
        events.gone(reason ?? (code === 0 ? undefined : new Error(`the worker ended with code ${code}`)));
      });
    },
    post: (request, transfer = []) => worker.postMessage(request, transfer),
    hold: (alive) => (alive ? worker.ref() : worker.unref()),
    kill: () => void worker.terminate(),
  };
}

/** The part of a Web Worker that is used. */
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
    options.onGone?.();
    events.gone(reason);
  };
  let kill = () => worker.terminate();
  return {
    ...options,
    listen(events) {
      worker.onmessage = ({ data }) => {
        events.message(data);
        // A Web Worker tells nobody that it has ended; this is its last word.
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
 * Deno keeps a process alive for every Web Worker and offers no `unref`; its own `node:worker_threads` uses a method
 * under an unnamed symbol for that (and takes 8 ms for each message with a buffer, hence Web Workers here).
 * Without the method a process lives until `close()`, no worse; `tests/runtimes` watches for its absence.
 */
function denoHold(worker: object, wanted: boolean): void {
  const prototype: object = Object.getPrototypeOf(worker);
  const symbol = Object.getOwnPropertySymbols(prototype).find((key) => !key.description);
  const method: unknown = symbol && Reflect.get(prototype, symbol);
  if (typeof method === 'function') method.call(worker, wanted);
}
