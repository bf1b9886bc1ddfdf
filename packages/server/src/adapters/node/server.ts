/** @module The server on Node: HTTP by `@hono/node-server`, WebSockets by `ws`, inference in worker processes. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerOptions, type ServerResponse } from 'node:http';
import { type AddressInfo, Server, type Socket } from 'node:net';
import process from 'node:process';
import { createAdaptorServer, getRequestListener, RequestError, upgradeWebSocket } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import { problemResponse, toProblem, toResponse } from '../../http/problem.ts';
import { MAX_MESSAGE_BYTES } from '../../routes/stream/messages.ts';
import { acceptLastArrivals, drainUntilQuiet, lapse } from '../common/drain.ts';
import { type EntryOptions, prepare } from '../common/prepare.ts';
import { runServe } from '../common/program.ts';
import { type RunningServer, runningServer } from '../common/running-server.ts';
import { Connections } from './connections.ts';
import { awaitsContinue, openIncoming, readIncoming } from './incoming.ts';
import { Leftovers } from './leftovers.ts';
import { answerUnreadable, refuseUnreadable, unreadable } from './unreadable.ts';
import { ignoreOtherUpgrades } from './upgrades.ts';

export { restartWithFlags, SERVER_FLAGS } from '../../engine/processes/v8.ts';
export { type RunningWorker, runWork, startWork, type WorkOptions } from '../common/job-worker.ts';
export type { EntryOptions, RunningServer };

/** The program `serve`, for other programs: see `runServe`. */
export const serve = (args = process.argv.slice(2)): Promise<number> => runServe(serveNode, args);

/** Of a body that nobody reads yet. More than a window: below it, each pause of the socket costs a turn of the loop. */
const HIGH_WATER_BYTES = 256 * 1024;

/**
 * Starts the server and resolves when it listens with its first worker ready.
 * @throws `invalid-option`; `model-not-found`, `backend-unavailable` and what else keeps workers from starting.
 */
export async function serveNode(entry: EntryOptions = {}): Promise<RunningServer> {
  const prepared = await prepare(entry, {
    pump: (c, ...read) => readIncoming(incomingOf(c.env))(...read),
    openBody: (c) => openIncoming(incomingOf(c.env)),
    upgradeWebSocket,
    clientAddress: (c) => incomingOf(c.env)?.socket.remoteAddress,
    whenSent: (c, then) => outgoingOf(c.env)?.once('close', then),
  });
  const { app, pool, options } = prepared;
  const connections = new Connections(options.limits.idleBodyMs);
  const leftovers = new Leftovers();
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  // The adaptor's own answers what it cannot read without a word, and what the app throws.
  const listener = getRequestListener(app.fetch, {
    hostname: options.host,
    // It closes connections half a second after an answer, whatever still comes of the body.
    autoCleanupIncoming: false,
    errorHandler: (error) =>
      error instanceof RequestError
        ? toResponse(unreadable(400, error.message))
        : problemResponse(toProblem(error, crypto.randomUUID())),
  });
  const server = createAdaptorServer({
    fetch: app.fetch,
    hostname: options.host,
    // The adaptor's description of ws is narrower than ws's own types, though made for it.
    createServer: ((how: ServerOptions) =>
      createServer(
        how,
        connections.inTurn((incoming, outgoing) => {
          leftovers.afterAnswer(incoming, outgoing);
          if (!refuseUnreadable(incoming, outgoing)) return listener(incoming, outgoing);
        }),
      )) as typeof createServer,
    websocket: { server: sockets as unknown as AdaptorWebSockets },
    serverOptions: {
      highWaterMark: HIGH_WATER_BYTES,
      headersTimeout: options.limits.headerMs,
      connectionsCheckingInterval: Math.min(options.limits.headerMs, 5_000),
      // Bodies have an idle limit of their own; a long upload that goes on is welcome.
      requestTimeout: 0,
      keepAliveTimeout: 65_000,
      // It would be answered without a body.
      requireHostHeader: false,
    },
  }) as Server & { closeIdleConnections(): void; closeAllConnections(): void };
  server.maxConnections = mostConnections(options.workers);
  // Node would close the connection at the very moment that it told the client (`Keep-Alive: timeout=65`).
  server.on('timeout', (socket: Socket) => connections.closeIdle(socket));
  ignoreOtherUpgrades(server, connections);
  answerUnreadable(server, connections, options.limits.headerMs);
  // Whoever waits for `100 Continue` is refused before sending anything: the body is asked for when it is read.
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    awaitsContinue(incoming, outgoing);
    server.emit('request', incoming, outgoing);
  });
  server.on('checkExpectation', (incoming, outgoing) => server.emit('request', incoming, outgoing));
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host, resolve);
    });
  } catch (error) {
    connections.close();
    await pool.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    await acceptLastArrivals(server);
    const ended = new Promise<void>((resolve) => {
      // Not http's own close(): it would at once cut kept-alive connections on which a request may be on its way.
      Server.prototype.close.call(server, () => resolve());
    });
    const late = lapse(options.limits.drainMs);
    await Promise.race([drainUntilQuiet(app), late]);
    leftovers.hurry();
    server.closeIdleConnections();
    for (const socket of sockets.clients) socket.terminate();
    await Promise.race([ended, late]);
    server.closeAllConnections();
    connections.close();
    await pool.close();
  };
  return runningServer(prepared, port, close);
}

/** Connections at once; more are closed as they come. */
const MAX_CONNECTIONS = 4_096;
/** Descriptors that are not for connections: the server's own, and of each worker, which must be able to start again. */
const OWN_DESCRIPTORS = 24;
const WORKER_DESCRIPTORS = 6;

function mostConnections(workers: number): number {
  const free = descriptorLimit() - OWN_DESCRIPTORS - WORKER_DESCRIPTORS * workers;
  return Math.max(1, Math.min(MAX_CONNECTIONS, free));
}

/** `ulimit -n`, where the system tells. */
function descriptorLimit(): number {
  try {
    return Number(
      /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Number.POSITIVE_INFINITY,
    );
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

type AdaptorWebSockets = NonNullable<Parameters<typeof createAdaptorServer>[0]['websocket']>['server'];

function incomingOf(env: unknown): IncomingMessage | undefined {
  return (env as { incoming?: IncomingMessage } | undefined)?.incoming;
}

function outgoingOf(env: unknown): ServerResponse | undefined {
  return (env as { outgoing?: ServerResponse } | undefined)?.outgoing;
}
