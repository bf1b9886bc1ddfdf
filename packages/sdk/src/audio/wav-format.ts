import { VoiceFlowError } from '../contract/errors.ts';
import type { WavEncoding } from './wav-samples.ts';

/** The format in a `fmt ` chunk, after contradictions are resolved. */
export interface WavFormat {
  readonly encoding: WavEncoding;
  readonly channels: number;
  /** Sample rate in Hz, at least 1. */
  readonly sampleRate: number;
}

/** Maximum bytes of a `fmt ` chunk that are read; EXTENSIBLE has 40. */
export const FMT_BYTES = 40;

const PCM = 0x0001;
const FLOAT = 0x0003;
const ALAW = 0x0006;
const ULAW = 0x0007;
const EXTENSIBLE = 0xfffe;

/**
 * Ends of sub-format GUIDs whose first word is a plain format tag: those of mmreg.h and ambisonic B-format (Dobson).
 */
const GUID_ENDS = ['0000-0010-800000aa00389b71', '0721-11d3-8644c8c1ca000000'];

const CODECS: Readonly<Record<number, string>> = {
  2: 'Microsoft ADPCM',
  17: 'IMA ADPCM',
  49: 'GSM 6.10',
  80: 'MPEG audio',
  85: 'MP3',
  255: 'AAC',
  353: 'Windows Media Audio',
};

/**
 * Reads a `fmt ` chunk. Like all readers, it ignores the block size and byte rate if bits and channels already
 * determine them. Valid bits and channel masks never change the samples.
 * @param body The chunk's bytes, at most `FMT_BYTES`.
 * @throws `invalid-audio` if it is inconsistent; `unsupported-format` for a codec inside the WAV.
 */
export function parseFormat(body: Uint8Array, bigEndian: boolean): WavFormat {
  if (body.length < 14) {
    throw invalid(`its fmt chunk has ${body.length} bytes, expected at least 14`);
  }
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const little = !bigEndian;
  const channels = view.getUint16(2, little);
  const sampleRate = view.getUint32(4, little);
  const block = view.getUint16(12, little);
  const bits = body.length >= 16 ? view.getUint16(14, little) : 0;
  let tag = view.getUint16(0, little);
  if (tag === EXTENSIBLE) tag = subFormat(body, view, little);
  if (![PCM, FLOAT, ALAW, ULAW].includes(tag)) throw unsupportedCodec(tag, little);
  if (channels === 0) throw invalid('it has 0 channels, expected at least 1');
  if (sampleRate === 0 || sampleRate > 0x7fffffff) {
    throw invalid(`its sample rate is ${sampleRate} Hz, expected 1 to 2147483647 Hz`);
  }
  return { encoding: encodingOf(tag, bits, block / channels), channels, sampleRate };
}

/** The plain format tag in the GUID of an EXTENSIBLE chunk. */
function subFormat(body: Uint8Array, view: DataView, little: boolean): number {
  if (body.length < FMT_BYTES || view.getUint16(16, little) < 22) {
    throw invalid('its EXTENSIBLE fmt chunk ends before the sub-format');
  }
  const tag = view.getUint32(24, little);
  const end = [
    hex(view.getUint16(28, little), 4),
    hex(view.getUint16(30, little), 4),
    bytesHex(body.subarray(32)),
  ].join('-');
  if (tag <= 0xffff && GUID_ENDS.includes(end)) return tag;
  throw new VoiceFlowError(
    'unsupported-format',
    `a WAV with the unknown sub-format ${hex(tag, 8)}-${end}, expected PCM, float, A-law or µ-law`,
    { hint: CONVERT },
  );
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function bytesHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => hex(byte, 2)).join('');
}

/**
 * @param bits Bits per sample in the chunk; 0 if absent.
 * @param container Bytes per sample implied by the block size.
 */
function encodingOf(tag: number, bits: number, container: number): WavEncoding {
  if (tag === ALAW) return 'alaw';
  if (tag === ULAW) return 'ulaw';
  if (tag === FLOAT) {
    if (bits === 32) return 'f32';
    if (bits === 64) return 'f64';
    throw invalid(`its floats have ${bits} bits, expected 32 or 64`);
  }
  // Some writers pack 24 bits into four bytes without EXTENSIBLE, which only the block size reveals.
  const bytes = bits === 0 || (bits === 24 && container === 4) ? container : Math.ceil(bits / 8);
  const encoding = ({ 1: 'u8', 2: 's16', 3: 's24', 4: 's32' } as const)[bytes];
  if (encoding) return encoding;
  throw invalid(`its PCM samples have ${bits} bits in blocks of ${container} bytes, expected 8, 16, 24 or 32 bits`);
}

const CONVERT = 'convert it to PCM: ffmpeg -i in.wav out.wav';

/** The package for other formats reads the known codecs in most files that are little-endian. */
function unsupportedCodec(tag: number, little: boolean): VoiceFlowError {
  const name = CODECS[tag] ?? 'an unknown codec';
  const hint =
    little && CODECS[tag] ? `install @voiceflow-ml/codecs, which reads most such files; or ${CONVERT}` : CONVERT;
  return new VoiceFlowError(
    'unsupported-format',
    `a WAV with ${name} (format tag 0x${hex(tag, 4)}), expected PCM, float, A-law or µ-law`,
    { hint },
  );
}

/** The `invalid-audio` error for a WAV. @param why Completes "the WAV is unusable: …". */
export function invalid(why: string): VoiceFlowError {
  return new VoiceFlowError('invalid-audio', `the WAV is unusable: ${why}`, {
    hint: 'check that the file was transferred completely, or export the recording again',
  });
}
