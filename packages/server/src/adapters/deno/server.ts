/**
 * @module The server on Deno, with Deno's own HTTP and WebSockets, and inference in worker processes. Run with `deno
 * run -A`.
 */

import process from 'node:process';
import type { Context } from 'hono';
import { delay, drainUntilQuiet } from '../common/drain.ts';
import { runServe } from '../common/program.ts';
import { type EntryOptions, type RunningServer, startServer } from '../common/start-server.ts';

export type { EntryOptions, RunningServer };

/** The program `serve`, for use in other programs; see `runServe`. */
export const serve = (args = process.argv.slice(2)): Promise<number> => runServe(serveDeno, args);

interface DenoServer {
  readonly addr: { readonly port: number };
  shutdown(): Promise<void>;
}

interface DenoInfo {
  readonly remoteAddr: { readonly hostname?: string };
}

/** The part of Deno's API that is used here. */
declare const Deno: {
  serve(
    options: { readonly hostname: string; readonly port: number; onListen(): void },
    handler: (request: Request, info: DenoInfo) => Response | Promise<Response>,
  ): DenoServer;
};

/** Time to send a close frame. */
const CLOSE_FRAME_MS = 50;

/** Like `serveNode`, on Deno. There is no timeout for the header; the limits of bodies and deadlines apply. */
export async function serveDeno(entry: EntryOptions = {}): Promise<RunningServer> {
  // Imported here because it throws on import in other runtimes, and this module must not.
  const { upgradeWebSocket } = await import('hono/deno');
  const runtime = {
    upgradeWebSocket,
    clientAddress: (c: Context) => (c.env as { info?: DenoInfo }).info?.remoteAddr.hostname,
  };
  return startServer(entry, runtime, (app, { host, port, limits }) => {
    const server = Deno.serve({ hostname: host, port, onListen: () => {} }, (request, info) =>
      app.fetch(request, { info }),
    );
    const stop = async () => {
      const late = delay(limits.drainMs);
      // Live sessions are closed with our code (1012) first; Deno would close them with its own (1001).
      const drained = drainUntilQuiet(app);
      await delay(CLOSE_FRAME_MS);
      const ended = server.shutdown();
      await Promise.race([drained, late]);
      await Promise.race([ended, delay(1_000), late]);
    };
    return { port: server.addr.port, stop };
  });
}
