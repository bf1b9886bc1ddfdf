import { type ByteReader, throwIfAborted } from 'voiceflow-ml/core';
import { PAGE_BYTES } from './ogg.ts';

/** Bytes per fetch: large enough to suspend the decoder rarely, small enough to use little memory. */
const BLOCK_BYTES = 1 << 18;

/** Gives a C library random access to encoded bytes: from the current block, or after a fetch. */
export class Input {
  readonly #bytes: ByteReader;
  readonly #signal: AbortSignal | undefined;
  /** The reader's position that counts as 0 here. Earlier bytes, such as a tag, are not visible. */
  readonly #base: number;
  #block: Uint8Array;
  /** Position of the block's first byte. */
  #start = 0;
  #ended = false;
  /** The last bytes before the block. */
  #tail = new Uint8Array(0);
  /** Position of the next read. */
  position = 0;

  /** @param head Bytes that were already read. */
  constructor(bytes: ByteReader, signal: AbortSignal | undefined, head: Uint8Array = new Uint8Array(0)) {
    this.#bytes = bytes;
    this.#signal = signal;
    this.#base = bytes.position - head.length;
    this.#block = head;
  }

  get seekable(): boolean {
    return this.#bytes.seek !== undefined;
  }

  /** Total bytes; undefined when unknown. */
  get size(): number | undefined {
    return this.#bytes.size === undefined ? undefined : this.#bytes.size - this.#base;
  }

  /** Copies available bytes to `to`. Returns their number, 0 at the end, or undefined when a fetch is needed first. */
  take(to: Uint8Array): number | undefined {
    const offset = this.position - this.#start;
    const count = Math.min(to.length, this.#block.length - offset);
    if (offset < 0 || count <= 0) return this.#ended && offset >= 0 ? 0 : undefined;
    to.set(this.#block.subarray(offset, offset + count));
    this.position += count;
    return count;
  }

  /** Fetches the block that contains the position. @throws whatever the reader throws; `aborted`. */
  async fetch(): Promise<void> {
    throwIfAborted(this.#signal);
    this.#tail = lastOf(this.#tail, this.#block);
    const at = this.#base + this.position;
    if (at < this.#bytes.position) this.#bytes.seek?.(at);
    else await this.#bytes.skip(at - this.#bytes.position);
    const reached = this.#bytes.position;
    this.#block = await this.#bytes.read(BLOCK_BYTES);
    this.#start = reached - this.#base;
    this.#ended = this.#block.length === 0 || reached < at;
    if (reached < at) this.#block = new Uint8Array(0);
    throwIfAborted(this.#signal);
  }

  /** The last bytes that were read, at most the largest Ogg page. */
  get tail(): Uint8Array {
    return lastOf(this.#tail, this.#block);
  }

  close(): Promise<void> {
    return this.#bytes.close();
  }
}

/** A copy of the last bytes of two consecutive arrays. */
function lastOf(before: Uint8Array, after: Uint8Array): Uint8Array<ArrayBuffer> {
  if (after.length >= PAGE_BYTES) return after.slice(-PAGE_BYTES);
  const kept = before.subarray(Math.max(0, before.length + after.length - PAGE_BYTES));
  const all = new Uint8Array(kept.length + after.length);
  all.set(kept);
  all.set(after, kept.length);
  return all;
}
