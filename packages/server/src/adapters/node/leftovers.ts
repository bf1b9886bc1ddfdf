import type { IncomingMessage, ServerResponse } from 'node:http';
import { nextLoopTurn } from '../common/event-loop.ts';

/** @module Handles the rest of a body after an early response, such as a refusal. */

/** When nothing has arrived for this long, the client has stopped sending. */
const SILENT_MS = 2_000;
/** Like nginx's `lingering_time`, and a part of the largest body. After these the connection is closed. */
const MOST_MS = 30_000;
const MOST_BYTES = 64 * 1024 * 1024;
/** Replaces `MOST_MS` when the server shuts down. */
const SHUTDOWN_MS = 500;
const CHECK_MS = 250;

/**
 * Reads and discards the rest of bodies, so that clients that write before they read receive the response. If the
 * connection were closed while the client still sends, it would be reset, and the client would see a broken pipe.
 */
export class Leftovers {
  #mostMs = MOST_MS;

  /** Must be called before the response. */
  afterResponse(incoming: IncomingMessage, outgoing: ServerResponse): void {
    // Runs before Node's own listener, which closes the connection if the client or the response asked for it.
    outgoing.prependOnceListener('finish', () => {
      if (!incoming.complete && !incoming.destroyed) this.#discardRest(incoming, !outgoing.shouldKeepAlive);
    });
  }

  /** Shortens the wait, for the shutdown of the server. */
  shorten(): void {
    this.#mostMs = SHUTDOWN_MS;
  }

  #discardRest(incoming: IncomingMessage, closes: boolean): void {
    const { socket } = incoming;
    // Without this method, Node closes only its own side, and incoming data can still be read.
    Object.assign(socket, { destroySoon: undefined });
    const bytesAtStart = socket.bytesRead;
    let seen = bytesAtStart;
    let silentMs = 0;
    let totalMs = 0;
    let last = performance.now();
    const timer = setInterval(async () => {
      const now = performance.now();
      // While this process was suspended, nothing could be read, so that time does not count.
      const passed = Math.min(now - last, 2 * CHECK_MS);
      last = now;
      totalMs += passed;
      silentMs = socket.bytesRead === seen ? silentMs + passed : 0;
      seen = socket.bytesRead;
      if (totalMs < this.#mostMs && seen - bytesAtStart < MOST_BYTES) {
        if (silentMs < SILENT_MS) return;
        await nextLoopTurn();
        if (socket.bytesRead !== seen) return;
      }
      closes = true;
      finish();
    }, CHECK_MS);
    timer.unref();
    const finish = () => {
      clearInterval(timer);
      incoming.off('end', finish).off('error', finish).off('close', finish);
      Reflect.deleteProperty(socket, 'destroySoon');
      if (closes) socket.destroySoon();
    };
    incoming.on('end', finish).on('error', finish).on('close', finish);
    // A reader that was given up during its wait for data would pause the request again.
    incoming.removeAllListeners('readable').resume();
  }
}
