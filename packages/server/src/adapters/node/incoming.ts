import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { ReadBody } from '../../http/body.ts';
import { type Answer, type Exchange, requestIdOf } from '../../http/exchange.ts';
import { toResponse } from '../../http/problem.ts';
import type { ClientAddress } from '../common/address.ts';

/** @module Requests as Node's own HTTP server gives them, without `Request` and `Response` between. */

/** Requests whose client sends its body only when it is told to. */
const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/** Notes that the client of this request waits for `100 Continue`. */
export function awaitsContinue(incoming: IncomingMessage, outgoing: ServerResponse): void {
  waiting.set(incoming, outgoing);
  // Should it be refused, a body may or may not follow on this connection: it cannot be used again.
  outgoing.shouldKeepAlive = false;
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
  outgoing.shouldKeepAlive = true;
  outgoing.writeContinue();
}

/**
 * A listener that carries `POST /v1/infer` itself and leaves the rest to `others`. A window is 2 ms of network, of
 * which the way through `Request`, Hono and `Response` would be a tenth (docs/decisions/).
 */
export function inferFirst(
  infer: (x: Exchange) => Promise<Answer>,
  address: ClientAddress,
  others: RequestListener,
): RequestListener {
  return (incoming, outgoing) => {
    // A page of another origin: Hono knows whether it may.
    if (incoming.url !== '/v1/infer' || incoming.method !== 'POST' || incoming.headers.origin !== undefined)
      return others(incoming, outgoing);
    infer(new IncomingExchange(incoming, outgoing, address))
      .then((answer) => send(answer, incoming, outgoing))
      // Nothing of ours throws here; should it, one connection is lost and not the server.
      .catch((error: Error) => outgoing.destroy(error));
  };
}

class IncomingExchange implements Exchange {
  readonly begun = performance.now();
  readonly method = 'POST';
  readonly path = '/v1/infer';
  readonly requestId: string;
  readonly read: ReadBody;
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  readonly #addressOf: ClientAddress;
  #address: string | undefined;
  #leaving: AbortController | undefined;
  client: string | undefined;
  code: string | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse, address: ClientAddress) {
    this.#addressOf = address;
    this.#incoming = incoming;
    this.requestId = requestIdOf(this.header('x-request-id'));
    this.#outgoing = outgoing;
    this.read = readIncoming(incoming);
  }

  /** Made when it is asked for: a refusal does without. */
  get signal(): AbortSignal {
    if (this.#leaving === undefined) {
      const leaving = new AbortController();
      this.#leaving = leaving;
      const outgoing = this.#outgoing;
      const onClose = () => {
        if (!outgoing.writableFinished) leaving.abort();
      };
      if (outgoing.closed) onClose();
      else outgoing.once('close', onClose);
    }
    return this.#leaving.signal;
  }

  header(name: string): string | undefined {
    const value = this.#incoming.headers[name];
    return typeof value === 'string' ? value : value?.join(', ');
  }

  address(): string | undefined {
    this.#address ??= this.#addressOf(this.#incoming.socket.remoteAddress, this.header('x-forwarded-for'));
    return this.#address;
  }

  whenSent(then: () => void): void {
    this.#outgoing.once('close', then);
  }
}

function send(answer: Answer, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const body = { 'content-length': byteLength(answer.body) };
  if (incoming.complete) outgoing.writeHead(answer.status, { ...answer.headers, ...body });
  else if (waiting.has(incoming) && !outgoing.shouldKeepAlive) {
    outgoing.writeHead(answer.status, { ...reuse(incoming), ...answer.headers, ...body });
    discardRest(incoming);
  }
  // The adaptor knows how to answer a client that still sends, so that it reads the answer.
  else return void getRequestListener(() => toResponse(answer))(incoming, outgoing);
  outgoing.end(answer.body);
}

/**
 * Node closes the connection of a client that waited for `100 Continue` in vain, whose body may or may not follow. The
 * end of a chunked body is seen in either case, so that a refusal under load need not cost a connection.
 */
function reuse(incoming: IncomingMessage): Readonly<Record<string, string>> {
  return incoming.headers['transfer-encoding'] === undefined ? {} : { connection: 'keep-alive' };
}

/** Milliseconds in which the body of a client that was refused before it sent any must have ended. */
const REST_MS = 500;

function discardRest(incoming: IncomingMessage): void {
  const timer = setTimeout(() => incoming.socket.destroy(), REST_MS);
  incoming.once('close', () => clearTimeout(timer)).resume();
}

function byteLength(body: Answer['body']): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
}
