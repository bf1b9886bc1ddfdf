import { VoiceFlowError } from 'voiceflow-ml/core';

/**
 * Frames between the server and a worker process: a mark and two lengths (uint32, little-endian), a JSON head, a body.
 * Frames from a worker are not trusted, because it runs native code that may corrupt its memory.
 */

/** The target of frames: a pipe to the other process. */
export interface FrameSink {
  write(bytes: Uint8Array): boolean;
  cork(): void;
  uncork(): void;
}

const MARK = 0x31467656; // "VvF1"
const PREFIX = 12;
/** Heads are small, except for the result of a live session: some hours of turns as JSON. */
const MAX_HEAD_BYTES = 64 * 1024 * 1024;
/** To the worker: a part of a recording or a minute of live audio. From it: a response. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Writes one frame; the chunks of the body are not copied. Returns false when the pipe is full (wait for `drain`). */
export function writeFrame(sink: FrameSink, head: unknown, body: readonly Uint8Array[] = []): boolean {
  const json = new TextEncoder().encode(JSON.stringify(head));
  const bodyBytes = body.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const start = new Uint8Array(PREFIX + json.length);
  const view = new DataView(start.buffer);
  view.setUint32(0, MARK, true);
  view.setUint32(4, json.length, true);
  view.setUint32(8, bodyBytes, true);
  start.set(json, PREFIX);
  // Corked to send the head and the chunks of the body with one system call.
  sink.cork();
  let free = sink.write(start);
  for (const chunk of body) free = sink.write(chunk);
  sink.uncork();
  return free;
}

/**
 * Assembles frames from the chunks of a pipe. Each body has its own buffer, which may be transferred.
 * `push` throws when the data is not a frame; after that, no further data can be trusted.
 */
export class FrameReader {
  readonly #onFrame: (head: { readonly type: string }, body: Uint8Array<ArrayBuffer>) => void;
  readonly #prefix = new Uint8Array(PREFIX);
  #json = new Uint8Array(0);
  #body = new Uint8Array(0);
  /** Bytes of the current frame received so far. */
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

  /** Copies as much as fits into the current part; returns the number of bytes. */
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
      if (mark !== MARK) throw broken(`the output begins with ${JSON.stringify(String.fromCharCode(...this.#prefix))}`);
      // A frame without a head would never be complete.
      if (head === 0 || head > MAX_HEAD_BYTES || body > MAX_BODY_BYTES)
        throw broken(`the header gives lengths of ${head} and ${body} bytes`);
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

/** Parses a head and checks only that it has a `type`. The reader of the message knows the other members. */
function parseHead(json: Uint8Array): { readonly type: string } {
  try {
    const head: unknown = JSON.parse(new TextDecoder().decode(json));
    if (typeof head === 'object' && head !== null && 'type' in head && typeof head.type === 'string') {
      return head as { readonly type: string };
    }
  } catch {
    // Reported below.
  }
  throw broken('the first part is not a message');
}

function broken(why: string): VoiceFlowError {
  return new VoiceFlowError('backend-failed', `the worker process wrote an invalid frame: ${why}`);
}
