/**
 * Frames on a pipe between the server and a worker process: two lengths (uint32, little-endian), a JSON head, a body.
 * Both ends are ours, so lengths are believed.
 */

/** Where frames are written: the pipe of a child process, or standard output. */
export interface FrameSink {
  write(bytes: Uint8Array): boolean;
  cork(): void;
  uncork(): void;
  once(event: 'drain', listener: () => void): unknown;
}

const PREFIX = 8;

/** Writes one frame; its body's chunks go out as they are. False when the pipe is full (wait for `drain`). */
export function writeFrame(sink: FrameSink, head: unknown, body: readonly Uint8Array[] = []): boolean {
  const json = new TextEncoder().encode(JSON.stringify(head));
  const bodyBytes = body.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const start = new Uint8Array(PREFIX + json.length);
  const view = new DataView(start.buffer);
  view.setUint32(0, json.length, true);
  view.setUint32(4, bodyBytes, true);
  start.set(json, PREFIX);
  // Corked: one system call for the head and the chunks of the body.
  sink.cork();
  let free = sink.write(start);
  for (const chunk of body) free = sink.write(chunk);
  sink.uncork();
  return free;
}

/** Puts frames together from the chunks that a pipe gives. Each body has a buffer of its own, ready to be transferred. */
export class FrameReader {
  readonly #onFrame: (head: unknown, body: Uint8Array<ArrayBuffer>) => void;
  readonly #prefix = new Uint8Array(PREFIX);
  #json = new Uint8Array(0);
  #body = new Uint8Array(0);
  /** Bytes of the frame that have come. */
  #at = 0;

  constructor(onFrame: (head: unknown, body: Uint8Array<ArrayBuffer>) => void) {
    this.#onFrame = onFrame;
  }

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
      this.#json = new Uint8Array(view.getUint32(0, true));
      this.#body = new Uint8Array(view.getUint32(4, true));
    }
    return count;
  }

  #finish(): void {
    const head: unknown = JSON.parse(new TextDecoder().decode(this.#json));
    const body = this.#body;
    this.#json = new Uint8Array(0);
    this.#body = new Uint8Array(0);
    this.#at = 0;
    this.#onFrame(head, body);
  }
}
