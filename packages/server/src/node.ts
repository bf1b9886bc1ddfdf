/** @module The server on Node: HTTP by `@hono/node-server`, WebSockets by `ws`, inference in worker processes. */
import { realpathSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, Server } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer, upgradeWebSocket } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import type { BodyPump } from './app/body.ts';
import { drainUntilQuiet, lapse, once, urlOf } from './entry/drain.ts';
import { type EntryOptions, prepare, type RunningServer, runServe } from './entry/serving.ts';
import { MAX_MESSAGE_BYTES } from './routes/stream.ts';

export type { EntryOptions, RunningServer };

/** The program `serve`, for other programs: see `runServe`. */
export const serve = (args = process.argv.slice(2)): Promise<number> => runServe(serveNode, args);

/**
 * Starts the server and resolves when it listens with its first worker ready.
 * @throws `invalid-option`; `model-not-found`, `backend-unavailable` and what else keeps workers from starting.
 */
export async function serveNode(entry: EntryOptions = {}): Promise<RunningServer> {
  const { app, pool, options } = await prepare(entry, {
    pump: pumpIncoming,
    upgradeWebSocket,
    clientAddress: (c) => incomingOf(c.env)?.socket.remoteAddress,
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  const server = createAdaptorServer({
    fetch: app.fetch,
    hostname: options.host,
    // The adaptor's description of ws is narrower than ws's own types, though made for it.
    websocket: { server: sockets as unknown as AdaptorWebSockets },
    serverOptions: {
      headersTimeout: options.limits.headerMs,
      connectionsCheckingInterval: Math.min(options.limits.headerMs, 5_000),
      // Bodies have an idle limit of their own; a long upload that goes on is welcome.
      requestTimeout: 0,
      keepAliveTimeout: 65_000,
    },
  }) as Server & { closeIdleConnections(): void; closeAllConnections(): void };
  // Whoever waits for `100 Continue` is refused before sending anything: the body is asked for when it is read.
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    waiting.set(incoming, outgoing);
    // Should it be refused, a body may or may not follow on this connection: it cannot be used again.
    outgoing.shouldKeepAlive = false;
    server.emit('request', incoming, outgoing);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host, resolve);
    });
  } catch (error) {
    await pool.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    const ended = new Promise<void>((resolve) => {
      // Not http's own close(): it would at once cut kept-alive connections on which a request may be on its way.
      Server.prototype.close.call(server, () => resolve());
    });
    const late = lapse(options.limits.drainMs);
    await Promise.race([drainUntilQuiet(app), late]);
    server.closeIdleConnections();
    for (const socket of sockets.clients) socket.terminate();
    await Promise.race([ended, late]);
    server.closeAllConnections();
    await pool.close();
  };
  return { url: urlOf(options.host, port), app, pool, close: once(close) };
}

type AdaptorWebSockets = NonNullable<Parameters<typeof createAdaptorServer>[0]['websocket']>['server'];

function incomingOf(env: unknown): IncomingMessage | undefined {
  return (env as { incoming?: IncomingMessage } | undefined)?.incoming;
}

/** Requests whose client sends its body only when it is told to. */
const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/** Takes chunks as Node's parser gives them: no web stream between, and nothing copied. */
const pumpIncoming: BodyPump = (c, onChunk, signal) =>
  new Promise((resolve, reject) => {
    const incoming = incomingOf(c.env);
    if (incoming === undefined || incoming.readableEnded) return resolve();
    const settle = (how: () => void) => {
      incoming.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      how();
    };
    const fail = (error: unknown) => settle(() => reject(error));
    const onData = (chunk: Uint8Array<ArrayBuffer>) => {
      try {
        onChunk(chunk);
      } catch (error) {
        // The rest stays in the socket; the adaptor drains a bounded part of it once the answer is out.
        incoming.pause();
        fail(error);
      }
    };
    const onEnd = () => settle(resolve);
    const onError = (error: unknown) => fail(error);
    const onClose = () => fail(new Error('the connection was closed'));
    const onAbort = () => fail(signal.reason);
    if (signal.aborted) return reject(signal.reason);
    const outgoing = waiting.get(incoming);
    if (outgoing !== undefined) {
      outgoing.shouldKeepAlive = true;
      outgoing.writeContinue();
    }
    signal.addEventListener('abort', onAbort, { once: true });
    incoming.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
  });

const [, script] = process.argv;
if (script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url)) process.exit(await serve());
