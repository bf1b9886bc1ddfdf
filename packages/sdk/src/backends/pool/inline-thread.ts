import type { Reply, Request, Settings } from './protocol.ts';
import type { Session } from './session.ts';
import type { Thread, ThreadEvents } from './thread.ts';
import { serve } from './worker-side.ts';

/**
 * A `Thread` for hosts without workers: runs the worker's side of the pool in the same thread.
 * @param defer Runs a task later. With `setTimeout`, timers and events can run between two network runs, which
 *   WebAssembly would not allow (its runs finish in microtasks).
 */
export function inlineThread(
  open: (bytes: Uint8Array, settings: Settings) => Promise<Session>,
  defer: (task: () => void) => void,
): Thread {
  let events: ThreadEvents | undefined;
  let handle: ((request: Request) => void) | undefined;
  serve(
    {
      post: (reply: Reply) => defer(() => events?.message(reply)),
      listen(handler) {
        handle = handler;
      },
      exit: () => defer(() => events?.exited(undefined)),
    },
    open,
  );
  return {
    killable: false,
    listen(listener) {
      events = listener;
    },
    post: (request) => defer(() => handle?.(request)),
    hold() {},
    kill() {},
  };
}
