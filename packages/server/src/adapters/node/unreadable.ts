import type { EventEmitter } from 'node:events';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Problem, problem, problemHeaders } from '../../http/problem.ts';
import { nextLoopTurn } from '../common/event-loop.ts';
import type { Connections } from './connections.ts';

/** @module Problem responses for requests that never reach the app because they are not valid HTTP or incomplete. */

/** Time before closing: a connection closed while the client still sends is reset before it reads the response. */
const LINGER_MS = 1_000;

/** The problem of a request that cannot be read. */
export function unreadable(status: number, detail: string): Problem {
  const code = status === 408 ? 'deadline-exceeded' : 'invalid-option';
  return problem(status, code, STATUS_CODES[status] ?? 'Bad Request', detail, crypto.randomUUID());
}

/** The headers and the body of its response. */
function contentOf(problem: Problem) {
  const body = JSON.stringify(problem);
  return { body, headers: { ...problemHeaders(problem), 'content-length': Buffer.byteLength(body) } };
}

/** Responds to a request that must not reach the app. @returns false for any other request. */
export function refuseUnreadable(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  const { expect = '100-continue', 'transfer-encoding': coding = 'chunked' } = incoming.headers;
  // RFC 9112, 3.2: all readers must agree on the host of a request.
  if (hostsOf(incoming) !== 1)
    respond(outgoing, 400, 'the request must have exactly one Host header', { connection: 'close' });
  else if (expect.toLowerCase() !== '100-continue')
    respond(outgoing, 417, 'the value of the header Expect is not supported');
  // The body would be stored as it was coded.
  else if (coding.trim().toLowerCase() !== 'chunked')
    respond(outgoing, 400, 'the Transfer-Encoding is not supported, expected chunked', { connection: 'close' });
  else return false;
  return true;
}

function respond(outgoing: ServerResponse, status: number, detail: string, more = {}): void {
  const { headers, body } = contentOf(unreadable(status, detail));
  outgoing.writeHead(status, { ...headers, ...more });
  outgoing.end(body);
}

/** Number of Host headers; 1 for HTTP/1.0 without one, which does not require it. */
function hostsOf({ rawHeaders, httpVersion }: IncomingMessage): number {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts === 0 && httpVersion === '1.0' ? 1 : hosts;
}

/** Refuses a request that cannot be read. */
export function closeUnreadable(socket: Socket, status: number, detail: string): void {
  const { headers, body } = contentOf(unreadable(status, detail));
  endWith(socket, status, headers, body);
}

/** Writes a response directly to the socket and closes the connection. */
export function endWith(
  socket: Socket,
  status: number,
  headers: Readonly<Record<string, string | number>>,
  body: string,
): void {
  const lines = Object.entries({ ...headers, connection: 'close' });
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  closeSoon(socket);
}

/** Closes a connection shortly after its last response. */
export function closeSoon(socket: Socket): void {
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** The status codes that Node itself uses for these parser errors. */
const STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
};

/**
 * Responds to requests that Node's server rejects. Node's own responses have no body, and its header timeout includes
 * time in which the process was suspended and the header lay unread.
 * @param headerMs Milliseconds in which a header must arrive.
 */
export function handleUnreadable(server: EventEmitter, connections: Connections, headerMs: number): void {
  const timed = new WeakSet<Socket>();
  const refuse = (socket: Socket, status: number, detail: string) => {
    // Further data on the connection causes further errors.
    if (timed.has(socket)) return;
    timed.add(socket);
    if (!socket.writable || connections.isResponding(socket)) socket.destroy();
    else closeUnreadable(socket, status, detail);
  };
  const late = async (socket: Socket) => {
    const { bytesRead } = socket;
    const before = connections.requestsOf(socket);
    const refuseIfNoRequest = () => {
      if (connections.requestsOf(socket) === before)
        refuse(socket, 408, `no request header was received within ${headerMs} ms`);
    };
    await nextLoopTurn();
    if (socket.bytesRead === bytesRead) refuseIfNoRequest();
    // Node checks the timeout of each header only once.
    else setTimeout(refuseIfNoRequest, headerMs).unref();
  };
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const { code = '' } = error;
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') void late(socket);
    else refuse(socket, STATUSES[code] ?? 400, `the request cannot be read: ${error.message}`);
  });
}
