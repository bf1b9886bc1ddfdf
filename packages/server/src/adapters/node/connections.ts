import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { nextLoopTurn } from '../common/event-loop.ts';

/** @module Limits per connection of Node's HTTP server: waiting requests and unread responses. */

/**
 * Most pipelined requests of one connection that wait for the previous response; a connection with more is closed. No
 * client that we know pipelines that many, but one read of the socket (64 kB) can contain 1,800.
 */
const MAX_WAITING = 32;

interface Connection {
  readonly socket: Socket;
  response: ServerResponse | undefined;
  paused: boolean;
  readonly waiting: (() => void)[];
  /** How much had been sent at the last check (see `leftOf`), and for how long it has not changed. */
  sent: string;
  idleMs: number;
}

/**
 * A kept-alive connection stays open this much longer than its client was told: a request may be on its way, and its
 * sender cannot know whether it is safe to send it again (RFC 9112, 9.5).
 */
const LAST_REQUEST_MS = 2_000;

/** The connections of a server that have sent a request. */
export class Connections {
  readonly #all = new Map<Socket, Connection>();
  /** Number of requests per connection, including upgrades. */
  readonly #requests = new WeakMap<Socket, number>();
  readonly #sweep: ReturnType<typeof setInterval>;

  /** @param idleMs A connection is closed when its client reads nothing of a response for this long. */
  constructor(idleMs: number) {
    const period = Math.min(idleMs / 4, 1_000);
    let last = performance.now();
    this.#sweep = setInterval(() => {
      const now = performance.now();
      // While this process was suspended, no client could read, so that time does not count.
      this.#closeUnread(idleMs, Math.min(now - last, 2 * period));
      last = now;
    }, period);
    this.#sweep.unref();
  }

  /** Closes a connection whose keep-alive time has passed, unless a request still arrives. */
  closeIdle(socket: Socket): void {
    const { bytesRead } = socket;
    const timer = setTimeout(async () => {
      // Data that arrived while the process was suspended has not been read yet.
      await nextLoopTurn();
      if (socket.bytesRead === bytesRead && this.#all.get(socket)?.response === undefined) socket.destroy();
    }, LAST_REQUEST_MS);
    timer.unref();
  }

  /**
   * Makes a listener process the requests of each connection one after the other. Responses are sent in that order
   * anyway (RFC 9112, 9.3.2). While a request waits, its connection is not read. Otherwise all requests of one read
   * would be processed before the first response is sent, and unread responses would pile up.
   */
  inTurn(listener: RequestListener): RequestListener {
    return (incoming, outgoing) => {
      const { socket } = incoming;
      if (socket.destroyed) return;
      const connection = this.#of(socket);
      this.#count(socket);
      if (connection.response === undefined) return this.#start(connection, listener, incoming, outgoing);
      this.#wait(connection, () => this.#start(connection, listener, incoming, outgoing));
    };
  }

  /** Handles an upgrade request: runs `then` when all earlier requests of the connection have their responses. */
  afterResponses(socket: Socket, then: () => void): void {
    const connection = this.#all.get(socket);
    this.#count(socket);
    if (connection?.response === undefined) {
      then();
      return;
    }
    // Node has released the socket and no longer listens to its errors; an error without a listener ends the process.
    const ignored = () => {};
    socket.on('error', ignored);
    this.#wait(connection, () => {
      socket.off('error', ignored);
      then();
      if (connection.response === undefined) this.#next(connection);
    });
  }

  /** Number of requests on a connection so far. */
  requestsOf(socket: Socket): number {
    return this.#requests.get(socket) ?? 0;
  }

  /** Whether a response has been started but not completed. */
  isResponding(socket: Socket): boolean {
    return this.#all.get(socket)?.response?.headersSent === true;
  }

  close(): void {
    clearInterval(this.#sweep);
  }

  #count(socket: Socket): void {
    this.#requests.set(socket, this.requestsOf(socket) + 1);
  }

  #of(socket: Socket): Connection {
    const known = this.#all.get(socket);
    if (known !== undefined) return known;
    const connection: Connection = {
      socket,
      response: undefined,
      paused: false,
      waiting: [],
      sent: '',
      idleMs: 0,
    };
    this.#all.set(socket, connection);
    socket.once('close', () => {
      connection.waiting.length = 0;
      this.#all.delete(socket);
    });
    return connection;
  }

  #start(connection: Connection, listener: RequestListener, incoming: IncomingMessage, outgoing: ServerResponse): void {
    connection.response = outgoing;
    outgoing.once('close', () => {
      connection.response = undefined;
      this.#next(connection);
    });
    listener(incoming, outgoing as Parameters<RequestListener>[1]);
  }

  #wait(connection: Connection, start: () => void): void {
    const { socket, waiting } = connection;
    waiting.push(start);
    if (waiting.length > MAX_WAITING) {
      waiting.length = 0;
      socket.destroy();
      stopParsing(socket);
      return;
    }
    connection.paused = true;
    socket.pause();
  }

  #next(connection: Connection): void {
    const { socket, waiting } = connection;
    if (socket.destroyed) return;
    const start = waiting.shift();
    if (waiting.length === 0 && connection.paused) {
      connection.paused = false;
      socket.resume();
    }
    start?.();
  }

  #closeUnread(idleMs: number, passed: number): void {
    for (const connection of this.#all.values()) {
      const { socket } = connection;
      if (socket.writableLength === 0) {
        connection.sent = '';
        continue;
      }
      const sent = sentState(socket);
      if (sent !== connection.sent) {
        connection.sent = sent;
        connection.idleMs = 0;
      } else {
        connection.idleMs += passed;
        if (connection.idleMs >= idleMs) socket.destroy();
      }
    }
  }
}

/**
 * Stops the parsing of data that was already read. Otherwise up to 1,800 requests would be created from it, which Node
 * keeps until the connection is closed. There is no public API for this: the parser's callback for each request may
 * return 2, as Node's own does for an upgrade (no HTTP follows). If a future Node ignores this, the only effect is 3 MB
 * of garbage per connection.
 */
function stopParsing(socket: Socket): void {
  const { parser } = socket as { parser?: { onIncoming?: unknown } | null };
  if (typeof parser?.onIncoming === 'function') parser.onIncoming = () => 2;
}

/**
 * A measure of how much has been sent: it changes when the client reads, not when more is written. The kernel takes a
 * large response in parts, which only libuv's count of queued bytes shows (`net` uses it for its own timeouts).
 */
function sentState(socket: Socket): string {
  const { _handle } = socket as { _handle?: { writeQueueSize?: number } | null };
  return `${socket.bytesWritten - socket.writableLength} ${_handle?.writeQueueSize ?? 0}`;
}
