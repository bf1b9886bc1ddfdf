import type { ByteReader } from '../contract/audio.ts';
import { abortError, invalidOption, throwIfAborted, VoiceFlowError } from '../contract/errors.ts';
import { onAbort } from '../contract/on-abort.ts';

/** Bytes read from a Blob at once: few calls, and little memory (about 30 s of 16 kHz speech). */
const BLOB_SLICE = 1 << 20;

/** A `ByteReader` that can also look ahead, which is needed to detect the format before a decoder is chosen. */
export interface PeekReader extends ByteReader {
  /** Returns the next `count` bytes (fewer at the end) without advancing. Valid until the next call. */
  peek(count: number): Promise<Uint8Array>;
}

export interface ByteOptions {
  /** Maximum number of encoded bytes, checked against the actual size or the bytes that arrive. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/** Encoded bytes as input. */
export type ByteInput = Blob | Uint8Array | ArrayBuffer | ByteStream;

/** An async iterable, such as a stream of Node, where `ReadableStream.from` is available (not in all browsers). */
type ByteStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** Absent in some hosts, and so is `from`: TypeScript's types of pages do not have it. */
const streams = () =>
  (globalThis as { ReadableStream?: { from?(bytes: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> } })
    .ReadableStream;

/**
 * Opens bytes for sequential reading, without unnecessary copies. Blobs are read in slices, streams as they arrive.
 * @throws `audio-too-large` beyond `maxBytes`; `invalid-option` for a locked stream; `aborted`.
 */
export function openBytes(input: ByteInput, options: ByteOptions = {}): PeekReader {
  throwIfAborted(options.signal);
  if (isStream(input)) return new StreamReader(input, options);
  if (isBlob(input)) {
    checkSize(input.size, options.maxBytes);
    return new SeekableReader(input, options.signal);
  }
  // No view can be made of bytes that were transferred.
  const { buffer = input as ArrayBuffer, byteOffset = 0, byteLength } = input as Uint8Array;
  const bytes = byteLength ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array();
  checkSize(bytes.length, options.maxBytes);
  return new SeekableReader(bytes, options.signal);
}

export function isStream(value: unknown): value is ByteStream {
  if (typeof value !== 'object' || value === null) return false;
  return 'getReader' in value || (streams()?.from !== undefined && Symbol.asyncIterator in value);
}

/** The built-in type of a value from any realm, such as `Uint8Array`. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Checks the shape, not the class, to accept blobs of other realms and libraries. */
export function isBlob(value: unknown): value is Blob {
  return typeof value === 'object' && value !== null && 'size' in value && 'slice' in value && 'arrayBuffer' in value;
}

/** A reader that can seek: of bytes in memory, or of a Blob, of which it buffers a part. */
class SeekableReader implements PeekReader {
  position = 0;
  readonly size: number;
  readonly #blob: Blob | undefined;
  readonly #signal: AbortSignal | undefined;
  /** Buffered bytes, and their position in the input. */
  #bytes: Uint8Array;
  #start = 0;

  constructor(input: Uint8Array | Blob, signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.#blob = isBlob(input) ? input : undefined;
    this.#bytes = isBlob(input) ? new Uint8Array(0) : input;
    this.size = isBlob(input) ? input.size : input.length;
  }

  async peek(count: number): Promise<Uint8Array> {
    const wanted = Math.min(count, this.size - this.position);
    const offset = this.position - this.#start;
    if (offset >= 0 && offset + wanted <= this.#bytes.length) return this.#bytes.subarray(offset, offset + wanted);
    if (this.#blob !== undefined) await this.#fetch(this.#blob, wanted);
    return this.#bytes.subarray(0, wanted);
  }

  async read(count: number): Promise<Uint8Array> {
    const view = await this.peek(count);
    this.position += view.length;
    return view;
  }

  async skip(count: number): Promise<number> {
    const step = Math.min(count, this.size - this.position);
    this.position += step;
    return step;
  }

  seek(position: number): void {
    this.position = Math.min(Math.max(position, 0), this.size);
  }

  async close(): Promise<void> {
    this.#bytes = new Uint8Array(0);
  }

  /** Buffers at least `count` bytes from the current position on. */
  async #fetch(blob: Blob, count: number): Promise<void> {
    throwIfAborted(this.#signal);
    try {
      const end = this.position + Math.max(count, BLOB_SLICE);
      this.#bytes = new Uint8Array(await blob.slice(this.position, end).arrayBuffer());
    } catch (cause) {
      throw readError(cause, this.#signal);
    }
    this.#start = this.position;
    throwIfAborted(this.#signal);
  }
}

class StreamReader implements PeekReader {
  position = 0;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #maxBytes: number;
  readonly #signal: AbortSignal | undefined;
  readonly #removeAbortListener: () => void;
  #arrived = 0;
  #ended = false;
  #closed = false;
  /** Bytes that have arrived but are not read yet. */
  #rest = new Uint8Array(0);

  constructor(input: ByteStream, options: ByteOptions) {
    const stream = 'getReader' in input ? input : streams()!.from!(input);
    if (stream.locked) {
      throw invalidOption('the audio stream is locked: something else is reading it');
    }
    this.#reader = stream.getReader();
    this.#maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY;
    this.#signal = options.signal;
    this.#removeAbortListener = onAbort(options.signal, () => void this.close());
  }

  async peek(count: number): Promise<Uint8Array> {
    if (this.#rest.length < count) await this.#gather(count);
    return this.#rest.subarray(0, count);
  }

  async read(count: number): Promise<Uint8Array> {
    const view = await this.peek(count);
    this.#advance(view.length);
    return view;
  }

  async skip(count: number): Promise<number> {
    let skipped = 0;
    while (skipped < count) {
      if (this.#rest.length === 0) this.#rest = (await this.#next()) ?? this.#rest;
      if (this.#rest.length === 0) break;
      const step = Math.min(count - skipped, this.#rest.length);
      this.#advance(step);
      skipped += step;
    }
    return skipped;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#removeAbortListener();
    // Not awaited, because a stream may never finish canceling; a failed stream rejects with the error already thrown.
    this.#reader.cancel(this.#signal?.reason).catch(() => {});
    this.#reader.releaseLock();
  }

  #advance(count: number): void {
    this.#rest = this.#rest.subarray(count);
    this.position += count;
  }

  /** Joins chunks until there are `count` bytes. Memory grows with the bytes that arrive, not with `count`. */
  async #gather(count: number): Promise<void> {
    const parts = [this.#rest];
    let length = this.#rest.length;
    while (length < count) {
      const chunk = await this.#next();
      if (!chunk) break;
      parts.push(chunk);
      length += chunk.length;
    }
    if (parts.length === 1) return;
    if (parts.length === 2 && parts[0]?.length === 0) {
      this.#rest = parts[1] ?? this.#rest;
      return;
    }
    const joined = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    this.#rest = joined;
  }

  /** The next non-empty chunk, or null at the end. */
  async #next(): Promise<Uint8Array<ArrayBuffer> | null> {
    while (!this.#ended && !this.#closed) {
      const { done, value } = await this.#reader.read().catch((cause: unknown) => {
        throw readError(cause, this.#signal);
      });
      throwIfAborted(this.#signal);
      if (done) this.#ended = true;
      else if (!ArrayBuffer.isView(value)) throw notBytes(value);
      else if (value.byteLength > 0) {
        this.#arrived += value.byteLength;
        checkSize(this.#arrived, this.#maxBytes);
        return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
      }
    }
    throwIfAborted(this.#signal);
    return null;
  }
}

function checkSize(size: number, maxBytes: number | undefined): void {
  if (maxBytes === undefined || size <= maxBytes) return;
  throw new VoiceFlowError('audio-too-large', `the audio is larger than the limit of ${maxBytes} bytes`, {
    hint: 'send a shorter or more compact recording, or raise `limits.maxBytes`',
  });
}

function notBytes(value: unknown): VoiceFlowError {
  return invalidOption(
    `the stream returned a chunk of type ${typeof value}, expected Uint8Array`,
    'pass a byte stream, such as `response.body` or `blob.stream()`',
  );
}

/** Converts any error of an input to a `VoiceFlowError`; a `VoiceFlowError` is returned as it is. */
export function readError(cause: unknown, signal: AbortSignal | undefined): VoiceFlowError {
  if (VoiceFlowError.isInstance(cause)) return cause;
  if (signal?.aborted) return abortError(signal);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new VoiceFlowError('invalid-audio', `the audio could not be read to its end: ${reason}`, {
    hint: 'check that the file still exists and is readable, or that the connection is stable',
    cause,
  });
}
