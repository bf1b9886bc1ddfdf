import { VoiceFlowError } from 'voiceflow-ml/core';

/**
 * Frames between the server and a worker process: a mark and two lengths (uint32, little-endian), a JSON head, a body.
 * Nothing is believed: a worker runs native code, which may write wherever it likes.
 */

/** Where frames are written: a pipe to the other process. */
export interface FrameSink {
  write(bytes: Uint8Array): boolean;
  cork(): void;
  uncork(): void;
  once(event: 'drain', listener: () => void): unknown;
}

const MARK = 0x31467656; // "VvF1"
const PREFIX = 12;
/** Heads are small but for the result of a live session: some hours of turns as JSON. */
const MAX_HEAD_BYTES = 64 * 1024 * 1024;
/** A part of a recording or a minute of live audio to the worker; an answer from it. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Writes one frame; its body's chunks go out as they are. False when the pipe is full (wait for `drain`). */
export function writeFrame(sink: FrameSink, head: unknown, body: readonly Uint8Array[] = []): boolean {
  const json = new TextEncoder().encode(JSON.stringify(head));
  const bodyBytes = body.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const start = new Uint8Array(PREFIX + json.length);
  const view = new DataView(start.buffer);
  view.setUint32(0, MARK, true);
  view.setUint32(4, json.length, true);
  view.setUint32(8, bodyBytes, true);
  start.set(json, PREFIX);
  // Corked: one system call for the head and the chunks of the body.
  sink.cork();
  let free = sink.write(start);
  for (const chunk of body) free = sink.write(chunk);
  sink.uncork();
  return free;
}

/**
 * Puts frames together from the chunks that a pipe gives. Each body has a buffer of its own, ready to be transferred.
 * `push` throws when what comes is no frame; nothing that comes after can be trusted then.
 */
export class FrameReader {
  readonly #onFrame: (head: { readonly type: string }, body: Uint8Array<ArrayBuffer>) => void;
  readonly #prefix = new Uint8Array(PREFIX);
  #json = new Uint8Array(0);
  #body = new Uint8Array(0);
  /** Bytes of the frame that have come. */
  #at = 0;

  constructor(onFrame: (head: { readonly type: string }, body: Uint8Array<ArrayBuffer>) => void) {
    this.#onFrame = onFrame;
  }

  /** @throws `backend-failed`. */
  push(chunk: Uint8Array): void {
    let from = 0;
    while (from < chunk.length) {
      from += this.#take(chunk.subarray(from));
      if (this.#at === PREFIX + this.#json.length + this.#body.length && this.#at > PREFIX) this.#finish();
    }
  }

  /** Copies what fits into the part that is being filled; gives how much that was. */
  #take(chunk: Uint8Array): number {
    const jsonEnd = PREFIX + this.#json.length;
    const [part, begin] =
      this.#at < PREFIX ? [this.#prefix, 0] : this.#at < jsonEnd ? [this.#json, PREFIX] : [this.#body, jsonEnd];
    const offset = this.#at - begin;
    const count = Math.min(part.length - offset, chunk.length);
    part.set(chunk.length === count ? chunk : chunk.subarray(0, count), offset);
    this.#at += count;
    if (part === this.#prefix && this.#at === PREFIX) {
      const view = new DataView(this.#prefix.buffer);
      const [mark, head, body] = [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(8, true)];
      if (mark !== MARK) throw broken(`it begins with ${JSON.stringify(String.fromCharCode(...this.#prefix))}`);
      // A frame without a head would never be finished.
      if (head === 0 || head > MAX_HEAD_BYTES || body > MAX_BODY_BYTES)
        throw broken(`its lengths are ${head} and ${body} bytes`);
      this.#json = new Uint8Array(head);
      this.#body = new Uint8Array(body);
    }
    return count;
  }

  #finish(): void {
    const head = parseHead(this.#json);
    const body = this.#body;
    this.#json = new Uint8Array(0);
    this.#body = new Uint8Array(0);
    this.#at = 0;
    this.#onFrame(head, body);
  }
}

/** An object with a `type`: what its other members are is for its reader, who knows the types. */
function parseHead(json: Uint8Array): { readonly type: string } {
  try {
    const head: unknown = JSON.parse(new TextDecoder().decode(json));
    if (typeof head === 'object' && head !== null && 'type' in head && typeof head.type === 'string') {
      return head as { readonly type: string };
    }
  } catch {
    // Said below.
  }
  throw broken('its head is no message');
}

function broken(why: string): VoiceFlowError {
  return new VoiceFlowError('backend-failed', `the worker process wrote what is no frame: ${why}`);
}
