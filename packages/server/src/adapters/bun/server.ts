/** @module The server on Bun, with Bun's own HTTP and WebSockets, and inference in worker processes. */

import process from 'node:process';
import type { Context } from 'hono';
import { MAX_MESSAGE_BYTES } from '../../routes/stream/messages.ts';
import { delay, drainUntilQuiet } from '../common/drain.ts';
import { runServe } from '../common/program.ts';
import { type EntryOptions, type RunningServer, startServer } from '../common/start-server.ts';

export type { EntryOptions, RunningServer };

/** The program `serve`, for use in other programs; see `runServe`. */
export const serve = (args = process.argv.slice(2)): Promise<number> => runServe(serveBun, args);

interface BunServer {
  readonly port: number;
  requestIP(request: Request): { readonly address: string } | null;
  stop(closeActive: boolean): Promise<void>;
}

/** The part of Bun's API that is used here. */
declare const Bun: {
  serve(options: {
    readonly hostname: string;
    readonly port: number;
    readonly maxRequestBodySize: number;
    readonly idleTimeout: number;
    readonly websocket: object;
    fetch(request: Request, server: BunServer): Response | Promise<Response>;
  }): BunServer;
};

/**
 * In seconds, the most that Bun allows, because a recording may be processed for long without a byte on its connection.
 */
const IDLE_SECONDS = 255;

/** Time in which kept-alive connections may send one more request, whose response tells them to close. */
const LAST_REQUEST_MS = 1_000;
/**
 * Time in which no response is sent before the server stops listening. At that moment Bun closes every connection
 * without an active request, even a new one or one whose next request is on its way. While clients wait for responses
 * they neither connect nor send requests, so after this time each client is being served or has nothing to send.
 */
const HOLD_MS = 250;

/** Like `serveNode`, on Bun. There is no timeout for the header; the limits of bodies and deadlines apply. */
export async function serveBun(entry: EntryOptions = {}): Promise<RunningServer> {
  // Imported here because it throws on import in other runtimes, and this module must not.
  const { upgradeWebSocket, websocket } = await import('hono/bun');
  const runtime = {
    upgradeWebSocket,
    clientAddress: (c: Context) => (c.env as { server?: BunServer }).server?.requestIP(c.req.raw)?.address,
  };
  return startServer(entry, runtime, (app, options) => {
    /** While set, responses wait for it. */
    let held: Promise<void> | undefined;
    const server = Bun.serve({
      hostname: options.host,
      port: options.port,
      // The app checks its own limit first, with a better message. Bun's limit is only the last resort.
      maxRequestBodySize: 2 * options.limits.bodyBytes + MAX_MESSAGE_BYTES,
      idleTimeout: IDLE_SECONDS,
      websocket: { ...websocket, maxPayloadLength: 2 * MAX_MESSAGE_BYTES, backpressureLimit: 2 * MAX_MESSAGE_BYTES },
      async fetch(request, own) {
        const response = await app.fetch(request, { server: own });
        await held;
        return response;
      },
    });
    const stop = async () => {
      const late = delay(options.limits.drainMs);
      const drained = drainUntilQuiet(app);
      await Promise.race([delay(LAST_REQUEST_MS), late]);
      let release = () => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      await Promise.race([delay(HOLD_MS), late]);
      const ended = server.stop(false);
      release();
      await Promise.race([drained, late]);
      await Promise.race([drainUntilQuiet(app), late]);
      await Promise.race([ended, delay(1_000), late]);
      await Promise.race([server.stop(true), delay(1_000)]);
    };
    return { port: server.port, stop };
  });
}
