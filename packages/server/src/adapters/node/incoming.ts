import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ReadBody } from '../../http/body.ts';

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

/** Passes on chunks from Node's parser without a web stream and without copies. */
export function readIncoming(
  incoming: IncomingMessage | undefined,
  ...[onChunk, signal]: Parameters<ReadBody>
): Promise<void> {
  return new Promise((resolve, reject) => {
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
        // The rest stays in the socket. A limited part of it is discarded after the response (`Leftovers`).
        incoming.pause();
        fail(error);
      }
    };
    const onEnd = () => settle(resolve);
    const onError = (error: unknown) => fail(error);
    const onClose = () => fail(new Error('the connection was closed'));
    const onAbort = () => fail(signal.reason);
    if (signal.aborted) return reject(signal.reason);
    askForBody(incoming);
    signal.addEventListener('abort', onAbort, { once: true });
    incoming.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
  });
}

/**
 * The body with back pressure. When the reader stops early, the rest stays in the socket, so that the client can read
 * the response.
 */
export async function* openIncoming(incoming: IncomingMessage | undefined): AsyncGenerator<Uint8Array> {
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
