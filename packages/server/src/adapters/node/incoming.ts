import type { IncomingMessage, ServerResponse } from 'node:http';

/** @module Reads bodies directly from Node's HTTP server, without a web stream in between. */

/** Requests whose client waits for `100 Continue` before it sends the body. */
const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/**
 * Records that the client of this request waits for `100 Continue`. After a refusal, a body may or may not follow on
 * the connection, so it cannot be reused, unless the body is chunked: then its end is recognizable in either case. Such
 * a body is discarded (`Leftovers`), so that a refusal under load does not cost a connection.
 */
export function awaitsContinue(incoming: IncomingMessage, outgoing: ServerResponse): void {
  waiting.set(incoming, outgoing);
  outgoing.shouldKeepAlive = false;
  if (incoming.headers['transfer-encoding'] !== undefined) outgoing.setHeader('connection', 'keep-alive');
}

/**
 * The body with back pressure. When the reader stops early, the rest stays in the socket, so that the client can read
 * the response.
 */
export async function* openIncoming(incoming: IncomingMessage | undefined): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (incoming === undefined || incoming.readableEnded) return;
  askForBody(incoming);
  try {
    yield* incoming.iterator({ destroyOnReturn: false });
  } finally {
    if (!incoming.readableEnded) incoming.pause();
  }
}

/** Sends `100 Continue` to a client that waits for it. */
function askForBody(incoming: IncomingMessage): void {
  const outgoing = waiting.get(incoming);
  if (outgoing === undefined) return;
  if (outgoing.hasHeader('connection')) outgoing.removeHeader('connection');
  outgoing.shouldKeepAlive = true;
  outgoing.writeContinue();
}
