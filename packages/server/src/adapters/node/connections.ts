import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { turnOfTheLoop } from '../common/event-loop.ts';

/** @module What one connection of Node's HTTP server may hold: requests that wait for their turn, and unread answers. */

/**
 * Requests of one connection that wait for the answer to the one before; a connection with more is closed. No client
 * that we know pipelines as many, and one read of the socket (64 kB) can bring 1,800.
 */
const MAX_WAITING = 32;

interface Connection {
  readonly socket: Socket;
  /** Of the request that is being answered. */
  answer: ServerResponse | undefined;
  paused: boolean;
  readonly waiting: (() => void)[];
  /** What had left when it was last looked at, and for how long it has been as much. */
  sent: string;
  idleMs: number;
}

/**
 * A connection that is kept alive stays open for so long after its client has been told that it ends: a request may be
 * on its way, and whoever sent it cannot know whether it may be sent again (RFC 9112, 9.5).
 */
const LAST_REQUEST_MS = 2_000;

/** The connections of one server that have asked something. */
export class Connections {
  readonly #all = new Map<Socket, Connection>();
  /** Requests so far, those to upgrade too. */
  readonly #asked = new WeakMap<Socket, number>();
  readonly #sweep: ReturnType<typeof setInterval>;

  /** @param idleMs A connection whose client reads nothing of an answer for so long is closed. */
  constructor(idleMs: number) {
    const period = Math.min(idleMs / 4, 1_000);
    let last = performance.now();
    this.#sweep = setInterval(() => {
      const now = performance.now();
      // While this process did not run, no client could read: that time is nobody's silence.
      this.#closeUnread(idleMs, Math.min(now - last, 2 * period));
      last = now;
    }, period);
    this.#sweep.unref();
  }

  /** Closes a connection that nothing was asked on for as long as it is kept alive, unless something is on its way. */
  closeIdle(socket: Socket): void {
    const { bytesRead } = socket;
    const timer = setTimeout(async () => {
      // What came while the process did not run has not been read yet.
      await turnOfTheLoop();
      if (socket.bytesRead === bytesRead && this.#all.get(socket)?.answer === undefined) socket.destroy();
    }, LAST_REQUEST_MS);
    timer.unref();
  }

  /**
   * A listener that answers the requests of each connection one after the other, which is the order in which their
   * answers leave anyway (RFC 9112, 9.3.2). While one waits, nothing more is read from its connection. Without it, all
   * requests of one read are worked on before the first answer leaves, and their answers pile up unread.
   */
  inTurn(listener: RequestListener): RequestListener {
    return (incoming, outgoing) => {
      const { socket } = incoming;
      if (socket.destroyed) return;
      const connection = this.#of(socket);
      this.#count(socket);
      if (connection.answer === undefined) return this.#start(connection, listener, incoming, outgoing);
      this.#wait(connection, () => this.#start(connection, listener, incoming, outgoing));
    };
  }

  /** Takes a request to upgrade: runs `then` once everything that this connection asked before has been answered; at once where nothing was. */
  afterAnswers(socket: Socket, then: () => void): void {
    const connection = this.#all.get(socket);
    this.#count(socket);
    if (connection?.answer === undefined) {
      then();
      return;
    }
    // Nobody else listens once Node has given the socket away, and an error that nobody hears ends the process.
    const unheard = () => {};
    socket.on('error', unheard);
    this.#wait(connection, () => {
      socket.off('error', unheard);
      then();
      if (connection.answer === undefined) this.#next(connection);
    });
  }

  /** Requests that a connection has made so far. */
  asked(socket: Socket): number {
    return this.#asked.get(socket) ?? 0;
  }

  /** Whether something of an answer has been written that is not at its end yet. */
  isInAnswer(socket: Socket): boolean {
    return this.#all.get(socket)?.answer?.headersSent === true;
  }

  close(): void {
    clearInterval(this.#sweep);
  }

  #count(socket: Socket): void {
    this.#asked.set(socket, this.asked(socket) + 1);
  }

  #of(socket: Socket): Connection {
    const known = this.#all.get(socket);
    if (known !== undefined) return known;
    const connection: Connection = {
      socket,
      answer: undefined,
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
    connection.answer = outgoing;
    outgoing.once('close', () => {
      connection.answer = undefined;
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
      const sent = leftOf(socket);
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
 * The rest of what was read would still be parsed, and 1,800 requests made of it, which Node keeps until the connection
 * has gone. Nothing public ends that. What Node's parser calls for each request may answer 2 (an upgrade: what follows
 * is no HTTP), as it does itself; where this is no longer so, all is parsed and 3 MB of garbage a connection made.
 */
function stopParsing(socket: Socket): void {
  const { parser } = socket as { parser?: { onIncoming?: unknown } | null };
  if (typeof parser?.onIncoming === 'function') parser.onIncoming = () => 2;
}

/**
 * Tells how much has left: it changes when the client reads, and not when more is written. The kernel takes a large
 * answer in parts, which only libuv's count of what it still has shows (`net` itself looks there for its timeouts).
 */
function leftOf(socket: Socket): string {
  const { _handle } = socket as { _handle?: { writeQueueSize?: number } | null };
  return `${socket.bytesWritten - socket.writableLength} ${_handle?.writeQueueSize ?? 0}`;
}
