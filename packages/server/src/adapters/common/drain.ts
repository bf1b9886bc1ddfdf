import type { EventEmitter } from 'node:events';
import type { VoiceFlowApp } from '../../app.ts';
import { turnOfTheLoop } from './event-loop.ts';

/** While draining, answers tell clients to close their connections; one that asked nothing for so long is idle. */
const QUIET_MS = 500;

/** Connections that come without a pause are not waited for longer. */
const LAST_ARRIVALS_MS = 1_000;

/**
 * Resolves when no connection waits to be accepted. A server that stops listening resets those that do, though their
 * clients have been connected to and may have sent a request; and libuv (since 1.45) accepts one in each turn of the
 * event loop, so that under load some do.
 */
export async function acceptLastArrivals(server: EventEmitter): Promise<void> {
  const until = performance.now() + LAST_ARRIVALS_MS;
  let came = 0;
  const onConnection = () => came++;
  server.on('connection', onConnection);
  for (let before = -1; before !== came && performance.now() < until; ) {
    before = came;
    await turnOfTheLoop();
  }
  server.off('connection', onConnection);
}

/** Drains until nothing has come for a moment: a request may have been on its way when listening ended. */
export async function drainUntilQuiet(app: VoiceFlowApp): Promise<void> {
  do {
    await app.drain();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  } while (app.active > 0);
}

/** Resolves after `ms`; does not keep the process alive where the runtime knows such timers. */
export function lapse(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms) as { unref?(): void };
    timer.unref?.();
  });
}
