import type { AudioDecoder, AudioSource, ByteReader } from '../contract/audio.ts';
import { throwIfAborted, type VoiceFlowError } from '../contract/errors.ts';
import type { Warning } from '../contract/warnings.ts';
import { openBytes } from './bytes.ts';
import { mixInterleaved, type SampleArray, splitInterleaved } from './mix.ts';
import { FMT_BYTES, invalid, parseFormat, type WavFormat } from './wav-format.ts';
import { createUnpacker, SAMPLE_BYTES } from './wav-samples.ts';

/** Bytes decoded at once, rounded down to whole frames. */
const BLOCK_BYTES = 1 << 16;
/** Maximum number of chunks searched for the samples; more than this indicates a malicious file. */
const MAX_CHUNKS = 1 << 17;
/**
 * Files with more channels can only be read mixed: they are not one voice per channel, and each would need an array.
 */
const MAX_SPLIT = 64;
/** Maximum sample bytes held in memory if they come before `fmt ` and the input cannot seek. */
const MAX_HELD_BYTES = 1 << 26;

/**
 * The built-in WAV reader: 8/16/24/32-bit PCM, 32/64-bit float, A-law and µ-law, plain or EXTENSIBLE, in RIFF, RIFX
 * (big-endian), RF64 and BW64, mixed to mono. Sizes in headers are not trusted: all data that is present is read, and
 * missing data gives the warning `audio-truncated`. Layout: IBM and Microsoft, "Multimedia Programming Interface"
 * (1991); EBU Tech 3306.
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

/** Location of the samples; the reader is positioned at the first sample. */
interface WavLayout {
  readonly bytes: ByteReader;
  readonly format: WavFormat;
  readonly bigEndian: boolean;
  /** Bytes of samples according to the header; infinite if the header leaves it open. */
  readonly declared: number;
  readonly warnings: Warning[];
}

/** A `data` chunk that comes before the `fmt ` chunk. */
interface EarlySamples {
  readonly position: number;
  readonly declared: number;
  /** The bytes of the samples, if the input cannot seek back to them. */
  readonly held: Uint8Array | null;
}

/** Reads chunks until both `fmt ` and `data` are found. */
async function findSamples(bytes: ByteReader, signal: AbortSignal | undefined): Promise<WavLayout> {
  const start = bytes.position;
  const head = await bytes.read(12);
  const container = fourCc(head, 0);
  const bigEndian = container === 'RIFX';
  /** End of the file according to the container. */
  const riffEnd = start + 8 + uint32(head, 4, bigEndian);
  const warnings: Warning[] = [];
  let format: WavFormat | undefined;
  /** Size of the data chunk in a `ds64` chunk, for sizes beyond 32 bits. */
  let wideSize: number | undefined;
  let early: EarlySamples | undefined;
  for (let count = 0; count < MAX_CHUNKS; count++) {
    if (count % 1024 === 0) throwIfAborted(signal);
    const header = await bytes.read(8);
    if (header.length < 8) throw incomplete(format, early);
    const id = fourCc(header, 0);
    const size = uint32(header, 4, bigEndian);
    const from = bytes.position;
    let end = from + size;
    if (id === 'fmt ' && format) {
      const message = 'the WAV has several fmt chunks; the first one was used';
      warnings.push({ code: 'format-questionable', message });
    } else if (id === 'fmt ') {
      format = parseFormat(await bytes.read(Math.min(size, FMT_BYTES)), bigEndian);
    } else if (id === 'ds64' && container !== 'RIFF') {
      const body = await bytes.read(Math.min(size, 16));
      if (body.length === 16) wideSize ??= uint32(body, 12, false) * 2 ** 32 + uint32(body, 8, false);
    } else if (id === 'data' && !early) {
      const declared = declaredBytes(size, wideSize, riffEnd - from);
      if (format) return { bytes, format, bigEndian, declared, warnings };
      early = { position: from, declared, held: bytes.seek ? null : await hold(bytes, declared) };
      end = from + declared;
    }
    await bytes.skip(end - bytes.position + (size & 1));
    if (!format || !early) continue;
    const { position, declared, held } = early;
    if (!held) bytes.seek?.(position);
    return { bytes: held ? chained(held, bytes) : bytes, format, bigEndian, declared, warnings };
  }
  throw invalid(`there are no samples in its first ${MAX_CHUNKS} chunks`);
}

/** The error for the end of the file, also if it ends within a chunk header. */
function incomplete(format: WavFormat | undefined, early: EarlySamples | undefined): VoiceFlowError {
  if (early) return invalid('it has samples but no fmt chunk with their format');
  return invalid(`it has ${format ? '' : 'no fmt chunk and '}no data chunk`);
}

/**
 * Number of sample bytes according to the headers.
 * @param size Size in the data chunk. @param wide Size in the `ds64` chunk. @param remaining Bytes left in the RIFF
 *   size.
 */
function declaredBytes(size: number, wide: number | undefined, remaining: number): number {
  if (wide !== undefined && size === 0xffffffff) return wide;
  // Writers to pipes cannot go back to fill in the size: they leave 0xffffffff or close to it, or sox's 0x7ffff000 …
  if (size >= 0xfffff000 || (size >= 0x7ffff000 && size <= 0x7fffffff)) return Number.POSITIVE_INFINITY;
  // … or zero. Zero is a true size only if other data follows according to the RIFF size.
  if (size === 0 && wide === undefined && remaining <= 0) return Number.POSITIVE_INFINITY;
  return size;
}

/** Reads samples that come before their format into memory. */
async function hold(bytes: ByteReader, declared: number): Promise<Uint8Array> {
  const held = new Uint8Array(await bytes.read(Math.min(declared, MAX_HELD_BYTES)));
  if (held.length === MAX_HELD_BYTES && declared > MAX_HELD_BYTES) {
    throw invalid('its fmt chunk comes after more samples than are buffered for a stream; pass the file as a Blob');
  }
  return held;
}

/** A reader of the held bytes that closes their stream. */
function chained(held: Uint8Array, stream: ByteReader): ByteReader {
  const reader = openBytes(held);
  reader.close = () => stream.close();
  return reader;
}

class WavSource implements AudioSource {
  readonly sampleRate: number;
  readonly lengthHint?: number;
  readonly length?: number;
  readonly channels: number;
  readonly samplesPerSecond: number;
  readonly warnings: Warning[];
  readonly #layout: WavLayout;
  readonly #signal: AbortSignal | undefined;
  readonly #frameBytes: number;
  readonly #blockBytes: number;
  readonly #unpacker: ReturnType<typeof createUnpacker>;
  #left: number;
  #out = new Float32Array(0);
  #split: Float32Array[] = [];

  constructor(layout: WavLayout, signal: AbortSignal | undefined) {
    const { bytes, format, bigEndian, declared } = layout;
    this.#layout = layout;
    this.#signal = signal;
    this.sampleRate = format.sampleRate;
    this.channels = format.channels <= MAX_SPLIT ? format.channels : 1;
    this.samplesPerSecond = format.channels * format.sampleRate;
    this.warnings = layout.warnings;
    this.#unpacker = createUnpacker(format.encoding, bigEndian);
    this.#frameBytes = SAMPLE_BYTES[format.encoding] * format.channels;
    this.#blockBytes = Math.max(1, Math.floor(BLOCK_BYTES / this.#frameBytes)) * this.#frameBytes;
    this.#left = declared;
    const there = Math.min(declared, bytes.size === undefined ? declared : bytes.size - bytes.position);
    if (!Number.isFinite(there)) return;
    this.lengthHint = Math.floor(there / this.#frameBytes);
    if (bytes.size !== undefined) this.length = this.lengthHint;
  }

  async read(): Promise<Float32Array | null> {
    const block = await this.#block();
    if (block === null) return null;
    const { values, frames } = block;
    if (this.#out.length < frames) this.#out = new Float32Array(frames);
    mixInterleaved(values, this.#layout.format.channels, frames, this.#unpacker.scale, this.#out);
    return this.#out.subarray(0, frames);
  }

  async readChannels(): Promise<readonly Float32Array[] | null> {
    if (this.channels !== this.#layout.format.channels) {
      const mono = await this.read();
      return mono && [mono];
    }
    const block = await this.#block();
    if (block === null) return null;
    const { values, frames } = block;
    if ((this.#split[0]?.length ?? 0) < frames) {
      this.#split = Array.from({ length: this.channels }, () => new Float32Array(frames));
    }
    splitInterleaved(values, frames, this.#unpacker.scale, this.#split);
    return this.#split.map((samples) => samples.subarray(0, frames));
  }

  /** Reads the next block of samples, in their stored scale. */
  async #block(): Promise<{ readonly values: SampleArray; readonly frames: number } | null> {
    throwIfAborted(this.#signal);
    const { bytes, format, declared } = this.#layout;
    const wanted = Math.min(this.#blockBytes, this.#left);
    if (wanted === 0) return null;
    const block = await bytes.read(wanted);
    this.#left -= block.length;
    if (block.length < wanted) {
      if (Number.isFinite(declared)) this.#noteTruncation(declared);
      this.#left = 0;
    }
    const frames = Math.floor(block.length / this.#frameBytes);
    if (frames === 0) return null;
    return { values: this.#unpacker.unpack(block, frames * format.channels), frames };
  }

  close(): Promise<void> {
    this.#left = 0;
    return this.#layout.bytes.close();
  }

  #noteTruncation(declared: number): void {
    const frames = Math.floor((declared - this.#left) / this.#frameBytes);
    this.warnings.push({
      code: 'audio-truncated',
      message: `the WAV ends early: only ${frames} of ${Math.floor(declared / this.#frameBytes)} samples are present and were used`,
    });
  }
}

/** Four characters at an offset; fewer at the end of the bytes. */
function fourCc(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function uint32(bytes: Uint8Array, at: number, bigEndian: boolean): number {
  if (bytes.length < at + 4) return 0;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, !bigEndian);
}
