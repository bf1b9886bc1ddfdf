/** @module The server on Deno: its own HTTP and WebSockets, inference in worker processes. Run with `deno run -A`. */

import process from 'node:process';
import { drainUntilQuiet, lapse } from '../common/drain.ts';
import { type EntryOptions, prepare } from '../common/prepare.ts';
import { runServe } from '../common/program.ts';
import { type RunningServer, runningServer } from '../common/running-server.ts';

export type { EntryOptions, RunningServer };

/** The program `serve`, for other programs: see `runServe`. */
export const serve = (args = process.argv.slice(2)): Promise<number> => runServe(serveDeno, args);

interface DenoServer {
  readonly addr: { readonly port: number };
  shutdown(): Promise<void>;
}

interface DenoInfo {
  readonly remoteAddr: { readonly hostname?: string };
}

/** The part of Deno's own interface that is used. */
declare const Deno: {
  serve(
    options: { readonly hostname: string; readonly port: number; onListen(): void },
    handler: (request: Request, info: DenoInfo) => Response | Promise<Response>,
  ): DenoServer;
};

/** Time for a close frame to go out. */
const FAREWELL_MS = 50;

/** As `serveNode`, on Deno. The header has no limit of its own there; bodies and deadlines do. */
export async function serveDeno(entry: EntryOptions = {}): Promise<RunningServer> {
  // Elsewhere it throws when it is imported, and this module must not.
  const { upgradeWebSocket } = await import('hono/deno');
  const prepared = await prepare(entry, {
    upgradeWebSocket,
    clientAddress: (c) => (c.env as { info?: DenoInfo }).info?.remoteAddr.hostname,
  });
  const { app, pool, options } = prepared;
  const server = Deno.serve({ hostname: options.host, port: options.port, onListen: () => {} }, (request, info) =>
    app.fetch(request, { info }),
  );
  const close = async () => {
    const late = lapse(options.limits.drainMs);
    // First our word to live sessions (1012), which Deno would else close with its own (1001).
    const drained = drainUntilQuiet(app);
    await lapse(FAREWELL_MS);
    const ended = server.shutdown();
    await Promise.race([drained, late]);
    await Promise.race([ended, lapse(1_000), late]);
    await pool.close();
  };
  return runningServer(prepared, server.addr.port, close);
}
