/**
 * @module The server on Node, with HTTP by `@hono/node-server`, WebSockets by `ws`, and inference in worker processes.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerOptions, type ServerResponse } from 'node:http';
import { type AddressInfo, Server, type Socket } from 'node:net';
import process from 'node:process';
import { createAdaptorServer, getRequestListener, RequestError, upgradeWebSocket } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import type { VoiceFlowApp } from '../../app.ts';
import { problemResponse, toProblem } from '../../http/problem.ts';
import { MAX_MESSAGE_BYTES } from '../../routes/stream/messages.ts';
import { acceptLastArrivals, delay, drainUntilQuiet } from '../common/drain.ts';
import type { ResolvedOptions } from '../common/options.ts';
import { runServe } from '../common/program.ts';
import { type EntryOptions, type RunningServer, startServer } from '../common/start-server.ts';
import { Connections } from './connections.ts';
import { awaitsContinue, openIncoming } from './incoming.ts';
import { Leftovers } from './leftovers.ts';
import { handleUnreadable, refuseUnreadable, unreadable } from './unreadable.ts';
import { Handshakes, ignoreOtherUpgrades } from './upgrades.ts';

export { restartWithFlags, SERVER_FLAGS } from '../../engine/processes/v8.ts';
export { type RunningWorker, runWork, startWork, type WorkOptions } from '../common/job-worker.ts';
export type { EntryOptions, RunningServer };

/** The program `serve`, for use in other programs; see `runServe`. */
export const serve = (args = process.argv.slice(2)): Promise<number> => runServe(serveNode, args);

/**
 * Buffer for a body that is not read yet. Larger than a window, because each pause of the socket costs a turn of the
 * event loop.
 */
const HIGH_WATER_BYTES = 256 * 1024;

/**
 * Starts the server. Resolves when it listens and its first worker is ready.
 * @throws `invalid-option`; `model-not-found`, `backend-unavailable` and other errors of starting workers.
 */
export function serveNode(entry: EntryOptions = {}): Promise<RunningServer> {
  const runtime: Parameters<typeof startServer>[1] = {
    openBody: (c) => openIncoming(incomingOf(c.env)),
    upgradeWebSocket,
    clientAddress: (c) => incomingOf(c.env)?.socket.remoteAddress,
    whenSent: (c, then) => outgoingOf(c.env)?.once('close', then),
  };
  return startServer(entry, runtime, listen);
}

async function listen(app: VoiceFlowApp, options: ResolvedOptions) {
  const connections = new Connections(options.limits.idleBodyMs);
  const leftovers = new Leftovers();
  const sockets = new WebSocketServer({
    noServer: true,
    // Up to this size a message that is too large is refused with a reason; a larger one closes the connection.
    maxPayload: 2 * MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    // One read of a socket can contain 9,000 messages. One message per turn of the event loop keeps others served.
    allowSynchronousEvents: false,
  });
  const server = createHttpServer(app, options, { connections, leftovers, sockets });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host, resolve);
    });
  } catch (error) {
    connections.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    await acceptLastArrivals(server);
    const ended = new Promise<void>((resolve) => {
      // http's own close() would at once close kept-alive connections on which a request may be on its way.
      Server.prototype.close.call(server, () => resolve());
    });
    const late = delay(options.limits.drainMs);
    await Promise.race([drainUntilQuiet(app), late]);
    leftovers.shorten();
    server.closeIdleConnections();
    for (const socket of sockets.clients) socket.terminate();
    await Promise.race([ended, late]);
    server.closeAllConnections();
    connections.close();
  };
  return { port, stop };
}

type HttpServer = Server & { closeIdleConnections(): void; closeAllConnections(): void };

interface ServerParts {
  readonly connections: Connections;
  readonly leftovers: Leftovers;
  readonly sockets: WebSocketServer;
}

/** The server before it listens, with the handlers of all that the app does not see. */
function createHttpServer(
  app: VoiceFlowApp,
  options: ResolvedOptions,
  { connections, leftovers, sockets }: ServerParts,
): HttpServer {
  // The adaptor's default listener would respond to unreadable requests and to errors of the app without a problem
  // body.
  const listener = getRequestListener(app.fetch, {
    hostname: options.host,
    // It would close connections half a second after a response, even if the body still arrives.
    autoCleanupIncoming: false,
    errorHandler: (error) =>
      problemResponse(
        error instanceof RequestError ? unreadable(400, error.message) : toProblem(error, crypto.randomUUID()),
      ),
  });
  const handshakes = new Handshakes(app.fetch);
  const server = createAdaptorServer({
    // The listener above takes all other requests.
    fetch: handshakes.fetch as typeof app.fetch,
    hostname: options.host,
    // The adaptor's type for ws is narrower than the types of ws itself.
    createServer: ((how: ServerOptions) =>
      createServer(
        how,
        connections.inTurn((incoming, outgoing) => {
          leftovers.afterResponse(incoming, outgoing);
          if (!refuseUnreadable(incoming, outgoing)) return listener(incoming, outgoing);
        }),
      )) as typeof createServer,
    websocket: { server: sockets as unknown as AdaptorWebSockets },
    serverOptions: {
      highWaterMark: HIGH_WATER_BYTES,
      headersTimeout: options.limits.headerMs,
      connectionsCheckingInterval: Math.min(options.limits.headerMs, 5_000),
      // Bodies have their own idle timeout; a long upload that makes progress is allowed.
      requestTimeout: 0,
      keepAliveTimeout: 65_000,
      // Node's own response would have no body.
      requireHostHeader: false,
    },
  }) as HttpServer;
  server.maxConnections = mostConnections(options.workers);
  // Node would close the connection exactly at the time it announced (`Keep-Alive: timeout=65`).
  server.on('timeout', (socket: Socket) => connections.closeIdle(socket));
  ignoreOtherUpgrades(server, connections, handshakes);
  handleUnreadable(server, connections, options.limits.headerMs);
  // A client that waits for `100 Continue` can be refused before it sends the body: `100` is sent when the body is
  // read.
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    awaitsContinue(incoming, outgoing);
    server.emit('request', incoming, outgoing);
  });
  server.on('checkExpectation', (incoming, outgoing) => server.emit('request', incoming, outgoing));
  return server;
}

/** Most concurrent connections; further ones are closed on arrival. */
const MAX_CONNECTIONS = 4_096;
/** Descriptors reserved for the server itself and for each worker, which must be able to restart. */
const OWN_DESCRIPTORS = 24;
const WORKER_DESCRIPTORS = 6;

function mostConnections(workers: number): number {
  const free = descriptorLimit() - OWN_DESCRIPTORS - WORKER_DESCRIPTORS * workers;
  return Math.max(1, Math.min(MAX_CONNECTIONS, free));
}

/** `ulimit -n`, if it can be read. */
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
