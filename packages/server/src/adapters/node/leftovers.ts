import type { IncomingMessage, ServerResponse } from 'node:http';
import { turnOfTheLoop } from '../common/event-loop.ts';

/** @module What clients still send of a body that has been answered already: a refusal comes before its end. */

/** Nothing has come for so long: the client does not go on. */
const SILENT_MS = 2_000;
/** As nginx's `lingering_time`, and some of the largest body: then the connection is closed, whatever still comes. */
const MOST_MS = 30_000;
const MOST_BYTES = 64 * 1024 * 1024;
/** The same as `MOST_MS` once the server is going down. */
const HURRIED_MS = 500;
const CHECK_MS = 250;

/**
 * Reads what is left of bodies and throws it away, so that clients that write before they read find the answer. A
 * connection that is closed while its client still sends is reset, and the client then sees a broken pipe instead.
 */
export class Leftovers {
  #mostMs = MOST_MS;

  /** To be called before the request is answered. */
  afterAnswer(incoming: IncomingMessage, outgoing: ServerResponse): void {
    // Before Node's own listener, which closes the connection where the client or the answer asked for that.
    outgoing.prependOnceListener('finish', () => {
      if (!incoming.complete && !incoming.destroyed) this.#throwAway(incoming, !outgoing.shouldKeepAlive);
    });
  }

  /** The server is going down: nobody is waited for as long as usual. */
  hurry(): void {
    this.#mostMs = HURRIED_MS;
  }

  #throwAway(incoming: IncomingMessage, closes: boolean): void {
    const { socket } = incoming;
    // Where there is no such method, Node ends its side alone, and what comes can still be read.
    Object.assign(socket, { destroySoon: undefined });
    const begun = socket.bytesRead;
    let seen = begun;
    let silentMs = 0;
    let totalMs = 0;
    let last = performance.now();
    const timer = setInterval(async () => {
      const now = performance.now();
      // While this process did not run, nothing could be read: that time is nobody's silence.
      const passed = Math.min(now - last, 2 * CHECK_MS);
      last = now;
      totalMs += passed;
      silentMs = socket.bytesRead === seen ? silentMs + passed : 0;
      seen = socket.bytesRead;
      if (totalMs < this.#mostMs && seen - begun < MOST_BYTES) {
        if (silentMs < SILENT_MS) return;
        await turnOfTheLoop();
        if (socket.bytesRead !== seen) return;
      }
      closes = true;
      over();
    }, CHECK_MS);
    timer.unref();
    const over = () => {
      clearInterval(timer);
      incoming.off('end', over).off('error', over).off('close', over);
      Reflect.deleteProperty(socket, 'destroySoon');
      if (closes) socket.destroySoon();
    };
    incoming.on('end', over).on('error', over).on('close', over);
    incoming.resume();
  }
}
