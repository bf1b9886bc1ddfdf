import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { problemResponse, toProblem } from '../../http/problem.ts';
import type { Connections } from './connections.ts';
import { closeSoon, closeUnreadable, endWith } from './unreadable.ts';

type OnUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer) => void | Promise<void>;

/** Headers that offer a switch to another protocol. */
const OFFER = /^(connection|upgrade|http2-settings)$/i;

type Fetch = (request: Request, env: { readonly incoming: IncomingMessage }) => Response | Promise<Response>;

/** The app's responses to WebSocket handshakes. The adaptor does not send their bodies, which say why one is refused. */
export class Handshakes {
  readonly #fetch: Fetch;
  readonly #responses = new WeakMap<IncomingMessage, Response>();

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  /** For the adaptor, which calls it for handshakes. */
  readonly fetch: Fetch = async (request, env) => {
    let response: Response;
    try {
      response = await this.#fetch(request, env);
    } catch (error) {
      response = problemResponse(toProblem(error, crypto.randomUUID()));
    }
    this.#responses.set(env.incoming, response);
    return response;
  };

  /** Sends the response to a refused handshake and closes the connection. */
  async refuse(request: IncomingMessage, socket: Socket): Promise<void> {
    const response = this.#responses.get(request);
    if (response === undefined) return closeUnreadable(socket, 400, 'the request is not a valid handshake');
    const { status } = response;
    // Other routes may respond with anything, also without an end.
    if (status < 400) await response.body?.cancel();
    const body = status < 400 ? '' : await response.text();
    const { 'transfer-encoding': _, ...headers } = Object.fromEntries(response.headers);
    endWith(socket, status, { ...headers, 'content-length': Buffer.byteLength(body) }, body);
  }
}

/**
 * Leaves WebSocket handshakes to the adaptor, and handles a request with any other upgrade offer as a plain request
 * (RFC 9110, 7.8): Java's client and `curl --http2` offer h2c with their first request. Must be called after the
 * adaptor has added its listener, which would leave such requests without a response and their sockets without an error
 * listener, so that a reset would end the process.
 */
export function ignoreOtherUpgrades(server: EventEmitter, connections: Connections, handshakes: Handshakes): void {
  const adaptors = server.listeners('upgrade') as OnUpgrade[];
  server.removeAllListeners('upgrade');
  const handshake = async (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const before = socket.bytesWritten;
    for (const listener of adaptors) await listener.call(server, request, socket, head);
    if (socket.bytesWritten === before && socket.writable) await handshakes.refuse(request, socket);
  };
  const take: OnUpgrade = (request, socket, head) => {
    if (socket.destroyed) return;
    if (request.headers.upgrade?.toLowerCase() === 'websocket') {
      if (!URL.canParse(request.url ?? '', 'http://localhost')) {
        socket.on('error', () => {});
        closeUnreadable(socket, 400, 'the address of the request is invalid');
        return;
      }
      // After a refused handshake the connection is not read, and its end is not noticed while data is unread.
      socket.once('finish', () => closeSoon(socket));
      handshake(request, socket, head).catch(() => socket.destroy());
      return;
    }
    socket.unshift(Buffer.concat([Buffer.from(withoutOffer(request), 'latin1'), head]));
    // Handled like a new connection whose first bytes have arrived.
    server.emit('connection', socket);
  };
  // Earlier requests must have their responses first, because Node stops tracking the connection here.
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
    connections.afterResponses(socket, () => take(request, socket, head)),
  );
  // If there is a second listener, the adaptor leaves it to others to respond to handshakes that are refused.
  server.on('upgrade', () => {});
}

function withoutOffer({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (!OFFER.test(name)) lines.push(`${name}: ${rawHeaders[i + 1] ?? ''}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
