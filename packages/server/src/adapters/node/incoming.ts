import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ReadBody } from '../../http/body.ts';

/** @module Bodies as Node's own HTTP server gives them, without a web stream between. */

/** Requests whose client sends its body only when it is told to. */
const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/**
 * Notes that the client of this request waits for `100 Continue`. Should it be refused, a body may or may not follow on
 * this connection: it cannot be used again, unless the body is chunked, whose end is seen in either case. It is
 * thrown away (`Leftovers`), so that a refusal under load need not cost a connection.
 */
export function awaitsContinue(incoming: IncomingMessage, outgoing: ServerResponse): void {
  waiting.set(incoming, outgoing);
  outgoing.shouldKeepAlive = false;
  if (incoming.headers['transfer-encoding'] !== undefined) outgoing.setHeader('connection', 'keep-alive');
}

/** Takes chunks as Node's parser gives them: no web stream between, and nothing copied. */
export function readIncoming(incoming: IncomingMessage | undefined): ReadBody {
  return (onChunk, signal) =>
    new Promise((resolve, reject) => {
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
          // The rest stays in the socket; a bounded part of it is thrown away once the answer is out (`Leftovers`).
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

/** The body with back pressure. One that is left early stays in the socket, so that the answer can be read. */
export async function* openIncoming(incoming: IncomingMessage | undefined): AsyncGenerator<Uint8Array> {
  if (incoming === undefined || incoming.readableEnded) return;
  askForBody(incoming);
  try {
    yield* incoming.iterator({ destroyOnReturn: false });
  } finally {
    if (!incoming.readableEnded) incoming.pause();
  }
}

/** Tells a client that waits for it to send its body. */
function askForBody(incoming: IncomingMessage): void {
  const outgoing = waiting.get(incoming);
  if (outgoing === undefined) return;
  if (outgoing.hasHeader('connection')) outgoing.removeHeader('connection');
  outgoing.shouldKeepAlive = true;
  outgoing.writeContinue();
}
