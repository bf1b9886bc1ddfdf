import type { EventEmitter } from 'node:events';
import type { VoiceFlowApp } from '../../app.ts';
import { nextLoopTurn } from './event-loop.ts';

/**
 * During draining, responses tell clients to close their connections. A connection without a request for this long is
 * idle.
 */
const QUIET_MS = 500;

/** Longest wait when new connections keep arriving. */
const LAST_ARRIVALS_MS = 1_000;

/**
 * Resolves when no connection waits to be accepted. When a server stops listening, waiting connections are reset, even
 * though their clients count them as connected and may have sent a request. Under load there are some, because libuv
 * (since 1.45) accepts one per turn of the event loop.
 */
export async function acceptLastArrivals(server: EventEmitter): Promise<void> {
  const until = performance.now() + LAST_ARRIVALS_MS;
  let connections = 0;
  const onConnection = () => connections++;
  server.on('connection', onConnection);
  for (let before = -1; before !== connections && performance.now() < until; ) {
    before = connections;
    await nextLoopTurn();
  }
  server.off('connection', onConnection);
}

/**
 * Drains until nothing has arrived for `QUIET_MS`: a request may have been on its way when the server stopped
 * listening.
 */
export async function drainUntilQuiet(app: VoiceFlowApp): Promise<void> {
  do {
    await app.drain();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  } while (app.active > 0);
}

/** Resolves after `ms`. Does not keep the process alive, if the runtime supports such timers. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms) as { unref?(): void };
    timer.unref?.();
  });
}
