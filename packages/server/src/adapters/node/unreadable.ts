import type { EventEmitter } from 'node:events';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Answer } from '../../http/exchange.ts';
import { problem, problemAnswer } from '../../http/problem.ts';
import { turnOfTheLoop } from '../common/event-loop.ts';
import type { Connections } from './connections.ts';

/** @module Requests that never come to the app, since they are no HTTP or do not come: they get a problem like others. */

/** The client may still send, and a connection that is closed meanwhile is reset before the answer is read. */
const LINGER_MS = 1_000;

/** The problem of a request that cannot be read. */
export function unreadable(status: number, detail: string): Answer {
  const code = status === 408 ? 'deadline-exceeded' : 'invalid-option';
  return problemAnswer(problem(status, code, STATUS_CODES[status] ?? 'Bad Request', detail, crypto.randomUUID()));
}

/** Answers a request that is not to be read by the app; false where it is. */
export function refuseUnreadable(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  const { expect = '100-continue' } = incoming.headers;
  // RFC 9112, 3.2: who is asked must not depend on who reads it.
  if (hostsOf(incoming) !== 1) answer(outgoing, 400, 'the request has no Host header, or two', { connection: 'close' });
  else if (expect.toLowerCase() !== '100-continue') answer(outgoing, 417, 'what the request expects is not known');
  else return false;
  return true;
}

function answer(outgoing: ServerResponse, status: number, detail: string, more = {}): void {
  const { headers, body } = unreadable(status, detail);
  outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body), ...more });
  outgoing.end(body);
}

/** 1 in HTTP/1.0, which needs none. */
function hostsOf({ rawHeaders, httpVersion }: IncomingMessage): number {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts === 0 && httpVersion === '1.0' ? 1 : hosts;
}

/** Answers on the bare connection, and closes it. */
export function endUnreadable(socket: Socket, status: number, detail: string): void {
  const { headers, body } = unreadable(status, detail);
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' });
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  closeSoon(socket);
}

/** Closes a connection whose last answer is out. */
export function closeSoon(socket: Socket): void {
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** As Node answers what its parser gives up. */
const STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
};

/**
 * Answers what Node's server gives up. It would do so without a body, and count the time for which the process did not
 * run against a client whose header lies there unread.
 * @param headerMs Within which a header must have come.
 */
export function answerUnreadable(server: EventEmitter, connections: Connections, headerMs: number): void {
  const given = new WeakSet<Socket>();
  const giveUp = (socket: Socket, status: number, detail: string) => {
    // What else comes is given up again.
    if (given.has(socket)) return;
    given.add(socket);
    if (!socket.writable || connections.isInAnswer(socket)) socket.destroy();
    else endUnreadable(socket, status, detail);
  };
  const late = async (socket: Socket) => {
    const { bytesRead } = socket;
    const before = connections.asked(socket);
    const giveUpUnlessAsked = () => {
      if (connections.asked(socket) === before) giveUp(socket, 408, `no header came within ${headerMs} ms`);
    };
    await turnOfTheLoop();
    if (socket.bytesRead === bytesRead) giveUpUnlessAsked();
    // Node looks at each header once.
    else setTimeout(giveUpUnlessAsked, headerMs).unref();
  };
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const { code = '' } = error;
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') void late(socket);
    else giveUp(socket, STATUSES[code] ?? 400, `the request cannot be read: ${error.message}`);
  });
}
