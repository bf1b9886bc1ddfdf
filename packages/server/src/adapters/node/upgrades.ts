import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Connections } from './connections.ts';
import { closeSoon, endUnreadable } from './unreadable.ts';

type OnUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

/** Headers of an offer to go on with another protocol. */
const OFFER = /^(connection|upgrade|http2-settings)$/i;

/**
 * Leaves handshakes of WebSockets to the adaptor, and takes any other offer to upgrade for the plain request that it is
 * (RFC 9110, 7.8): Java's client and `curl --http2` offer h2c with their first request. To be called once the adaptor
 * has its listener, which leaves those hanging, with a socket whose errors nobody hears: a reset would end the process.
 */
export function ignoreOtherUpgrades(server: EventEmitter, connections: Connections): void {
  const adaptors = server.listeners('upgrade') as OnUpgrade[];
  server.removeAllListeners('upgrade');
  const take: OnUpgrade = (request, socket, head) => {
    if (socket.destroyed) return;
    if (request.headers.upgrade?.toLowerCase() === 'websocket') {
      if (!URL.canParse(request.url ?? '', 'http://localhost')) {
        socket.on('error', () => {});
        endUnreadable(socket, 400, 'the address of the request cannot be read');
        return;
      }
      // Nobody reads from a connection whose handshake is refused, and while something is unread its end is not noticed.
      socket.once('finish', () => closeSoon(socket));
      for (const listener of adaptors) listener.call(server, request, socket, head);
      return;
    }
    socket.unshift(Buffer.concat([Buffer.from(withoutOffer(request), 'latin1'), head]));
    // As a connection that has just been made, whose first bytes have come.
    server.emit('connection', socket);
  };
  // Answers to what was asked before still belong to Node's account of this connection, which ends here.
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
    connections.afterAnswers(socket, () => take(request, socket, head)),
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
