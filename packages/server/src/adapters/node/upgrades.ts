import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Connections } from './connections.ts';
import { closeSoon, closeUnreadable } from './unreadable.ts';

type OnUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

/** Headers that offer a switch to another protocol. */
const OFFER = /^(connection|upgrade|http2-settings)$/i;

/**
 * Leaves WebSocket handshakes to the adaptor, and handles a request with any other upgrade offer as a plain request
 * (RFC 9110, 7.8): Java's client and `curl --http2` offer h2c with their first request. Must be called after the
 * adaptor has added its listener, which would leave such requests without a response and their sockets without an error
 * listener, so that a reset would end the process.
 */
export function ignoreOtherUpgrades(server: EventEmitter, connections: Connections): void {
  const adaptors = server.listeners('upgrade') as OnUpgrade[];
  server.removeAllListeners('upgrade');
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
      for (const listener of adaptors) listener.call(server, request, socket, head);
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
}

function withoutOffer({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (!OFFER.test(name)) lines.push(`${name}: ${rawHeaders[i + 1] ?? ''}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
