import { type ByteReader, throwIfAborted } from 'voiceflow-ml/core';
import { PAGE_BYTES } from './ogg.ts';

/** Bytes fetched at once: few suspensions of the decoder, little memory. */
const BLOCK_BYTES = 1 << 18;

/** Encoded bytes as a C library reads them: by position, from the block at hand or after a fetch. */
export class Input {
  readonly #bytes: ByteReader;
  readonly #signal: AbortSignal | undefined;
  /** The reader's position that is 0 here: what came before it, such as a tag, is not seen. */
  readonly #base: number;
  #block: Uint8Array;
  /** Where the block begins. */
  #start = 0;
  #ended = false;
  /** The last bytes that were read before the block. */
  #tail = new Uint8Array(0);
  /** Where the next read begins. */
  position = 0;

  /** @param head bytes that were read ahead already. */
  constructor(bytes: ByteReader, signal: AbortSignal | undefined, head: Uint8Array = new Uint8Array(0)) {
    this.#bytes = bytes;
    this.#signal = signal;
    this.#base = bytes.position - head.length;
    this.#block = head;
  }

  get seekable(): boolean {
    return this.#bytes.seek !== undefined;
  }

  /** Bytes in all, or undefined where nobody knows. */
  get size(): number | undefined {
    return this.#bytes.size === undefined ? undefined : this.#bytes.size - this.#base;
  }

  /** Copies what is at hand to `to`: how many bytes, 0 at the end, or undefined when they must be fetched first. */
  take(to: Uint8Array): number | undefined {
    const offset = this.position - this.#start;
    const count = Math.min(to.length, this.#block.length - offset);
    if (offset < 0 || count <= 0) return this.#ended && offset >= 0 ? 0 : undefined;
    to.set(this.#block.subarray(offset, offset + count));
    this.position += count;
    return count;
  }

  /** Fetches the block that the position is in. @throws whatever the reader throws; `aborted`. */
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

  /** The last bytes that were read, up to a page of an Ogg. */
  get tail(): Uint8Array {
    return lastOf(this.#tail, this.#block);
  }

  close(): Promise<void> {
    return this.#bytes.close();
  }
}

/** The last bytes of two stretches, in memory of their own. */
function lastOf(before: Uint8Array, after: Uint8Array): Uint8Array<ArrayBuffer> {
  if (after.length >= PAGE_BYTES) return after.slice(-PAGE_BYTES);
  const kept = before.subarray(Math.max(0, before.length + after.length - PAGE_BYTES));
  const all = new Uint8Array(kept.length + after.length);
  all.set(kept);
  all.set(after, kept.length);
  return all;
}
