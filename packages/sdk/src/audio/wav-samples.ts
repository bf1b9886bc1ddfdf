import type { SampleArray } from './mix.ts';

/** How samples are stored in the data chunk. */
export type WavEncoding = 'u8' | 's16' | 's24' | 's32' | 'f32' | 'f64' | 'alaw' | 'ulaw';

/** Bytes of one stored sample. */
export const SAMPLE_BYTES: Readonly<Record<WavEncoding, number>> = {
  u8: 1,
  s16: 2,
  s24: 3,
  s32: 4,
  f32: 4,
  f64: 8,
  alaw: 1,
  ulaw: 1,
};

/** Converts stored bytes to numbers; `value · scale` is the sample in [-1, 1]. */
interface Unpacker {
  readonly scale: number;
  /** Returns the values of `samples` samples. The array is valid until the next call and may be longer. */
  unpack(bytes: Uint8Array, samples: number): SampleArray;
}

const HOST_IS_BIG_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;
/** Doubles are clipped to this bound inside the range of float32, so that they do not become infinite. */
const MAX_FLOAT = 3.4e38;

/** Creates the unpacker for an encoding and byte order. */
export function createUnpacker(encoding: WavEncoding, bigEndian: boolean): Unpacker {
  const swap = bigEndian !== HOST_IS_BIG_ENDIAN;
  switch (encoding) {
    case 'u8':
      return fromTable(encoding, (code) => (code - 128) / 128);
    case 'alaw':
      return fromTable(encoding, (code) => alawToLinear(code) / 32768);
    case 'ulaw':
      return fromTable(encoding, (code) => ulawToLinear(code) / 32768);
    case 's16':
      return fromWords(2, swap, 2 ** -15, (buffer, at, count) => new Int16Array(buffer, at, count));
    case 's32':
      return fromWords(4, swap, 2 ** -31, (buffer, at, count) => new Int32Array(buffer, at, count));
    case 'f32':
      return fromWords(4, swap, 1, (buffer, at, count) => new Float32Array(buffer, at, count));
    case 'f64':
      return bounded(fromWords(8, swap, 1, (buffer, at, count) => new Float64Array(buffer, at, count)));
    case 's24':
      return from24(bigEndian);
  }
}

const tables = new Map<WavEncoding, Float32Array>();

/** Unpacks one byte per sample by a lookup table, which is cached. */
function fromTable(encoding: WavEncoding, value: (code: number) => number): Unpacker {
  const table = tables.get(encoding) ?? Float32Array.from({ length: 256 }, (_, code) => value(code));
  tables.set(encoding, table);
  let values = new Float32Array(0);
  return {
    scale: 1,
    unpack(bytes, samples) {
      if (values.length < samples) values = new Float32Array(samples);
      for (let i = 0; i < samples; i++) values[i] = table[bytes[i]!]!;
      return values;
    },
  };
}

/** Unpacks native numbers: a view of the bytes if alignment and byte order allow it, otherwise a view of a copy. */
function fromWords(
  width: number,
  swap: boolean,
  scale: number,
  view: (buffer: ArrayBufferLike, at: number, count: number) => SampleArray,
): Unpacker {
  let copy = new Uint8Array(0);
  return {
    scale,
    unpack(bytes, samples) {
      if (!swap && bytes.byteOffset % width === 0) return view(bytes.buffer, bytes.byteOffset, samples);
      const length = samples * width;
      if (copy.length < length) copy = new Uint8Array(length);
      if (swap) swapBytes(bytes, copy, length, width);
      else copy.set(bytes.subarray(0, length));
      return view(copy.buffer, 0, samples);
    },
  };
}

function swapBytes(from: Uint8Array, to: Uint8Array, length: number, width: number): void {
  for (let at = 0; at < length; at += width) {
    for (let i = 0; i < width; i++) to[at + i] = from[at + width - 1 - i]!;
  }
}

/** Unpacks three bytes per sample, as the upper bytes of 32-bit integers. */
function from24(bigEndian: boolean): Unpacker {
  const high = bigEndian ? 0 : 2;
  const low = 2 - high;
  let values = new Int32Array(0);
  return {
    scale: 2 ** -31,
    unpack(bytes, samples) {
      if (values.length < samples) values = new Int32Array(samples);
      for (let i = 0, at = 0; i < samples; i++, at += 3) {
        values[i] = (bytes[at + high]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + low]! << 8);
      }
      return values;
    },
  };
}

/** Clips finite doubles so that they stay finite as float32. Infinities and NaN are kept, and detected later. */
function bounded(inner: Unpacker): Unpacker {
  let values = new Float64Array(0);
  return {
    scale: inner.scale,
    unpack(bytes, samples) {
      const source = inner.unpack(bytes, samples);
      if (values.length < samples) values = new Float64Array(samples);
      for (let i = 0; i < samples; i++) {
        const value = source[i]!;
        values[i] = Number.isFinite(value) ? Math.min(Math.max(value, -MAX_FLOAT), MAX_FLOAT) : value;
      }
      return values;
    },
  };
}

/** ITU-T G.711 A-law to 16-bit linear. */
function alawToLinear(code: number): number {
  const bits = code ^ 0x55;
  const exponent = (bits >> 4) & 7;
  const mantissa = ((bits & 15) << 4) + (exponent === 0 ? 8 : 0x108);
  const magnitude = exponent > 1 ? mantissa << (exponent - 1) : mantissa;
  return bits & 0x80 ? magnitude : -magnitude;
}

/** ITU-T G.711 µ-law to 16-bit linear. */
function ulawToLinear(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 15) << 3) + 0x84) << ((bits >> 4) & 7)) - 0x84;
  return bits & 0x80 ? -magnitude : magnitude;
}
