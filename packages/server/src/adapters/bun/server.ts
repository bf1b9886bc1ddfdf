/** @module The server on Bun: its own HTTP and WebSockets, inference in worker processes. */

import process from 'node:process';
import { MAX_MESSAGE_BYTES } from '../../routes/stream/messages.ts';
import { drainUntilQuiet, lapse } from '../common/drain.ts';
import { type EntryOptions, prepare } from '../common/prepare.ts';
import { runServe } from '../common/program.ts';
import { type RunningServer, runningServer } from '../common/running-server.ts';

export type { EntryOptions, RunningServer };

/** The program `serve`, for other programs: see `runServe`. */
export const serve = (args = process.argv.slice(2)): Promise<number> => runServe(serveBun, args);

interface BunServer {
  readonly port: number;
  requestIP(request: Request): { readonly address: string } | null;
  stop(closeActive: boolean): Promise<void>;
}

/** The part of Bun's own interface that is used. */
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

/** Seconds, the most that Bun allows: a recording may be worked on for as long without a byte on its connection. */
const IDLE_SECONDS = 255;

/** Time for connections that are kept alive to be asked something once more, and to be told to close. */
const LAST_ASKED_MS = 1_000;
/**
 * Time in which no answer leaves before the server stops listening. Bun closes every connection on which no request is
 * under way at that moment, also one that has just been made, or whose next request is on its way. While clients wait
 * for their answers they neither connect nor ask, so after this time each is either being served or has nothing to ask.
 */
const HOLD_MS = 250;

/** As `serveNode`, on Bun. The header has no limit of its own there; bodies and deadlines do. */
export async function serveBun(entry: EntryOptions = {}): Promise<RunningServer> {
  // Elsewhere it throws when it is imported, and this module must not.
  const { upgradeWebSocket, websocket } = await import('hono/bun');
  const prepared = await prepare(entry, {
    upgradeWebSocket,
    clientAddress: (c) => (c.env as { server?: BunServer }).server?.requestIP(c.req.raw)?.address,
  });
  const { app, pool, options } = prepared;
  /** While set, answers wait for it. */
  let held: Promise<void> | undefined;
  const answer = async (request: Request, own: BunServer): Promise<Response> => {
    const response = await app.fetch(request, { server: own });
    await held;
    return response;
  };
  const server = Bun.serve({
    hostname: options.host,
    port: options.port,
    // Ours is judged first and tells more: Bun's is the last bound.
    maxRequestBodySize: 2 * options.limits.bodyBytes + MAX_MESSAGE_BYTES,
    idleTimeout: IDLE_SECONDS,
    websocket: { ...websocket, maxPayloadLength: 2 * MAX_MESSAGE_BYTES, backpressureLimit: 2 * MAX_MESSAGE_BYTES },
    fetch: answer,
  });
  const close = async () => {
    const late = lapse(options.limits.drainMs);
    const drained = drainUntilQuiet(app);
    await Promise.race([lapse(LAST_ASKED_MS), late]);
    let letGo = () => {};
    held = new Promise((resolve) => {
      letGo = resolve;
    });
    await Promise.race([lapse(HOLD_MS), late]);
    const ended = server.stop(false);
    letGo();
    await Promise.race([drained, late]);
    await Promise.race([drainUntilQuiet(app), late]);
    await Promise.race([ended, lapse(1_000), late]);
    await Promise.race([server.stop(true), lapse(1_000)]);
    await pool.close();
  };
  return runningServer(prepared, server.port, close);
}
