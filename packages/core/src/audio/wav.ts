import { throwIfAborted } from '../errors.ts';
import type { Warning } from '../warnings.ts';
import { openBytes } from './bytes.ts';
import { mixInterleaved } from './mix.ts';
import type { AudioDecoder, AudioSource, ByteReader } from './source.ts';
import { FMT_BYTES, invalid, parseFormat, type WavFormat } from './wav-format.ts';
import { createUnpacker, SAMPLE_BYTES } from './wav-samples.ts';

/** Bytes decoded at once, rounded down to whole frames. */
const BLOCK_BYTES = 1 << 16;
/** Chunks passed over in search of the samples; a file with more is hostile, not odd. */
const MAX_CHUNKS = 1 << 17;
/** Sample bytes held in memory where they come before `fmt ` and the input cannot go back. */
const MAX_HELD_BYTES = 1 << 26;

/**
 * The built-in WAV reader: 8/16/24/32-bit PCM, 32/64-bit float, A-law and µ-law, plain or EXTENSIBLE, in RIFF, RIFX
 * (big-endian), RF64 and BW64, mixed to mono. Sizes in headers are claims: what is there is read, what is missing is
 * the warning `audio-truncated`. Layout: IBM and Microsoft, "Multimedia Programming Interface" (1991); EBU Tech 3306.
 */
export const wavDecoder: AudioDecoder = {
  format: 'wav',
  sniff: (head) => CONTAINERS.includes(fourCc(head, 0)) && fourCc(head, 8) === 'WAVE',
  async open(bytes, { signal }) {
    const layout = await findSamples(bytes, signal);
    return new WavSource(layout, signal);
  },
};

const CONTAINERS = ['RIFF', 'RIFX', 'RF64', 'BW64'];

/** Where the samples are, with the reader standing at the first. */
interface WavLayout {
  readonly bytes: ByteReader;
  readonly format: WavFormat;
  readonly bigEndian: boolean;
  /** Bytes of samples that the header claims; infinite where it leaves that open. */
  readonly claimed: number;
  readonly warnings: Warning[];
}

interface Chunk {
  readonly id: string;
  readonly size: number;
}

/** Walks the chunks until both `fmt ` and `data` are known. */
async function findSamples(bytes: ByteReader, signal: AbortSignal | undefined): Promise<WavLayout> {
  const start = bytes.position;
  const head = await bytes.read(12);
  const container = fourCc(head, 0);
  const bigEndian = container === 'RIFX';
  const riffSize = uint32(head, 4, bigEndian);
  const warnings: Warning[] = [];
  let wide: number | undefined;
  let format: WavFormat | undefined;
  let early: { position: number; size: number; held: Uint8Array | null } | undefined;

  for (let count = 0; ; count++) {
    if (count > MAX_CHUNKS) throw invalid(`its samples are not among the first ${MAX_CHUNKS} chunks`);
    if (count % 1024 === 0) throwIfAborted(signal);
    const chunk = await readChunk(bytes, bigEndian);
    if (chunk === null) {
      if (early) throw invalid('it has samples but no fmt chunk, which says how to read them');
      throw invalid(`it has ${format ? '' : 'no fmt chunk and '}no data chunk`);
    }
    let left = chunk.size;
    if (chunk.id === 'fmt ' && format) {
      warnings.push({ code: 'format-questionable', message: 'the WAV has several fmt chunks; the first one was used' });
    } else if (chunk.id === 'fmt ') {
      const body = await bytes.read(Math.min(chunk.size, FMT_BYTES));
      left -= body.length;
      format = parseFormat(body, bigEndian);
    } else if (chunk.id === 'ds64' && wide === undefined && container !== 'RIFF') {
      const body = await bytes.read(Math.min(chunk.size, 16));
      left -= body.length;
      if (body.length === 16) wide = uint32(body, 12, false) * 2 ** 32 + uint32(body, 8, false);
    } else if (chunk.id === 'data' && !early) {
      const claimed = claimedBytes(chunk.size, wide, start + 8 + riffSize - bytes.position);
      if (format) return { bytes, format, bigEndian, claimed, warnings };
      early = { position: bytes.position, size: claimed, held: bytes.seek ? null : await hold(bytes, claimed) };
      if (early.held) left = claimed - early.held.length;
    }
    await bytes.skip(left + (chunk.size & 1));
    if (format && early) {
      if (early.held) return { bytes: chained(early.held, bytes), format, bigEndian, claimed: early.size, warnings };
      bytes.seek?.(early.position);
      return { bytes, format, bigEndian, claimed: early.size, warnings };
    }
  }
}

/** The next chunk's header, or null at the end. A header cut short is the end too. */
async function readChunk(bytes: ByteReader, bigEndian: boolean): Promise<Chunk | null> {
  const head = await bytes.read(8);
  return head.length < 8 ? null : { id: fourCc(head, 0), size: uint32(head, 4, bigEndian) };
}

/**
 * How many bytes of samples the headers claim.
 * @param size the data chunk's. @param wide the `ds64` chunk's. @param remaining of the RIFF size after the header.
 */
function claimedBytes(size: number, wide: number | undefined, remaining: number): number {
  if (wide !== undefined && size === 0xffffffff) return wide;
  // Writers to pipes cannot come back to fill in the size: they leave all ones, near it, or sox's 0x7ffff000 …
  if (size >= 0xfffff000 || (size >= 0x7ffff000 && size <= 0x7fffffff)) return Number.POSITIVE_INFINITY;
  // … or nothing. Zero is true only where the RIFF size agrees that something else follows.
  if (size === 0 && wide === undefined && remaining <= 0) return Number.POSITIVE_INFINITY;
  return size;
}

/** Samples that came before their format, in memory as they arrive. */
async function hold(bytes: ByteReader, claimed: number): Promise<Uint8Array> {
  const held = new Uint8Array(await bytes.read(Math.min(claimed, MAX_HELD_BYTES)));
  if (held.length === MAX_HELD_BYTES && claimed > MAX_HELD_BYTES) {
    throw invalid('its fmt chunk comes after more samples than a stream can hold; pass the file as a Blob');
  }
  return held;
}

/** The held bytes as a reader, which closes the stream they came from. */
function chained(held: Uint8Array, stream: ByteReader): ByteReader {
  const reader = openBytes(held);
  reader.close = () => stream.close();
  return reader;
}

class WavSource implements AudioSource {
  readonly sampleRate: number;
  readonly lengthHint?: number;
  readonly length?: number;
  readonly warnings: Warning[];
  readonly #layout: WavLayout;
  readonly #signal: AbortSignal | undefined;
  readonly #frameBytes: number;
  readonly #blockBytes: number;
  readonly #unpacker: ReturnType<typeof createUnpacker>;
  #left: number;
  #out = new Float32Array(0);

  constructor(layout: WavLayout, signal: AbortSignal | undefined) {
    const { bytes, format, bigEndian, claimed } = layout;
    this.#layout = layout;
    this.#signal = signal;
    this.sampleRate = format.sampleRate;
    this.warnings = layout.warnings;
    this.#unpacker = createUnpacker(format.encoding, bigEndian);
    this.#frameBytes = SAMPLE_BYTES[format.encoding] * format.channels;
    this.#blockBytes = Math.max(1, Math.floor(BLOCK_BYTES / this.#frameBytes)) * this.#frameBytes;
    this.#left = claimed;
    const there = Math.min(claimed, bytes.size === undefined ? claimed : bytes.size - bytes.position);
    if (!Number.isFinite(there)) return;
    this.lengthHint = Math.floor(there / this.#frameBytes);
    if (bytes.size !== undefined) this.length = this.lengthHint;
  }

  async read(): Promise<Float32Array | null> {
    throwIfAborted(this.#signal);
    const { bytes, format, claimed } = this.#layout;
    const wanted = Math.min(this.#blockBytes, this.#left);
    if (wanted === 0) return null;
    const block = await bytes.read(wanted);
    this.#left -= block.length;
    if (block.length < wanted) {
      if (Number.isFinite(claimed)) this.#noteTruncation(claimed);
      this.#left = 0;
    }
    const frames = Math.floor(block.length / this.#frameBytes);
    if (frames === 0) return null;
    if (this.#out.length < frames) this.#out = new Float32Array(frames);
    const values = this.#unpacker.unpack(block, frames * format.channels);
    mixInterleaved(values, format.channels, frames, this.#unpacker.scale, this.#out);
    return this.#out.subarray(0, frames);
  }

  close(): Promise<void> {
    this.#left = 0;
    return this.#layout.bytes.close();
  }

  #noteTruncation(claimed: number): void {
    const frames = Math.floor((claimed - this.#left) / this.#frameBytes);
    this.warnings.push({
      code: 'audio-truncated',
      message: `the WAV ends early: ${frames} of ${Math.floor(claimed / this.#frameBytes)} samples are there and were used`,
    });
  }
}

/** Four letters at an offset; shorter at the end of the bytes. */
function fourCc(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function uint32(bytes: Uint8Array, at: number, bigEndian: boolean): number {
  if (bytes.length < at + 4) return 0;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, !bigEndian);
}
