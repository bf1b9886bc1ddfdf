import type { Reply, Request, Settings } from './protocol.ts';
import type { Session } from './session.ts';
import type { Thread, ThreadEvents } from './thread.ts';
import { serve } from './worker-side.ts';

/**
 * A "thread" that is none, for hosts without workers of their own: the pool's other side in the same thread.
 * @param defer Runs a task later. With `setTimeout`, timers and events get their turn between runs, which
 *   WebAssembly would not give them (its runs come back in microtasks).
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
      exit: () => defer(() => events?.gone(undefined)),
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
