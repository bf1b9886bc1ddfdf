/** A family of formats, detected by the first bytes of a file. */
interface Family {
  /** Name for messages. */
  readonly format: string;
  sniff(head: Uint8Array): boolean;
}

/**
 * Formats detected by a signature, then those detected by their header fields. WAV files are left to core, unless they
 * are compressed.
 */
export const FAMILIES: readonly Family[] = [
  family('FLAC', 0, 'fLaC', '\xff\xf8'),
  family('Ogg', 0, 'OggS'),
  family('MP4', 4, 'ftyp', 'moov', 'mdat', 'wide', 'free', 'skip'),
  family('WebM', 0, '\x1aE\xdf\xa3'),
  family('AIFF', 8, 'AIFF', 'AIFC'),
  family('AU', 0, '.snd'),
  family('CAF', 0, 'caff'),
  family('Wave64', 0, 'riff.\x91\xcf\x11'),
  family('WavPack', 0, 'wvpk'),
  family('AMR', 0, '#!AMR'),
  family('AVI', 8, 'AVI '),
  family('WMA', 0, '0&\xb2u\x8ef\xcf\x11'),
  family('AC-3', 0, '\x0bw'),
  family('FLV', 0, 'FLV\x01'),
  family('TTA', 0, 'TTA1'),
  family('APE', 0, 'MAC '),
  family('MPEG program stream', 0, '\0\0\x01\xba'),
  { format: 'MPEG transport stream', sniff: isTransportStream },
  { format: 'WAV with ADPCM, GSM or MP3', sniff: isCompressedWav },
  { format: 'AAC', sniff: isAdts },
  { format: 'MP3', sniff: isMpegAudio },
];

/** @param signatures Bytes at the offset `at`, as Latin-1 text. */
function family(format: string, at: number, ...signatures: readonly string[]): Family {
  return {
    format,
    sniff: (head) => {
      const text = String.fromCharCode(...head.subarray(0, 64));
      return signatures.some((magic) => text.startsWith(magic, at)) && !text.startsWith('RIFF', 4);
    },
  };
}

/** Whether packets of 188 bytes begin with 0x47 (ISO/IEC 13818-1 §2.4.3.2). */
function isTransportStream(head: Uint8Array): boolean {
  return [0, 188, 376].every((at) => head[at] === 0x47);
}

/** Format tags that core reads itself (mmreg.h): PCM, float, A-law, µ-law, and EXTENSIBLE. */
const PLAIN_TAGS = [0x0001, 0x0003, 0x0006, 0x0007, 0xfffe];

/** Whether it is a WAV whose `fmt ` chunk is within the head and names a codec that core does not read. */
function isCompressedWav(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const text = (at: number) => String.fromCharCode(...head.subarray(at, at + 4));
  if (text(0) !== 'RIFF' || text(8) !== 'WAVE') return false;
  for (let at = 12; at + 10 <= head.length; ) {
    const size = view.getUint32(at + 4, true);
    if (text(at) === 'fmt ') return size >= 14 && !PLAIN_TAGS.includes(view.getUint16(at + 8, true));
    at += 8 + size + (size & 1);
  }
  return false;
}

/** Whether it is AAC with ADTS headers (ISO/IEC 13818-7 §6.2): sync word, layer 0, a known rate. */
function isAdts(head: Uint8Array): boolean {
  const [first = 0, second = 0, third = 0] = head;
  return first === 0xff && (second & 0xf6) === 0xf0 && ((third >> 2) & 15) < 13;
}

/**
 * Whether it is MPEG audio: a frame at the start, or three consecutive frames after other bytes (such as a cut frame);
 * or an ID3 tag, when no other format was detected.
 */
function isMpegAudio(head: Uint8Array): boolean {
  if (mpegFrame(head, 0) !== undefined) return true;
  if (String.fromCharCode(...head.subarray(0, 3)) === 'ID3') return true;
  for (let at = 1; at < head.length; at++) if (head[at] === 0xff && inARow(head, at) >= 3) return true;
  return false;
}

/** Number of consecutive frames from a position on. */
function inARow(head: Uint8Array, from: number): number {
  let count = 0;
  for (let at = from, step = mpegFrame(head, at); step; at += step, step = mpegFrame(head, at)) count++;
  return count;
}

/**
 * Bit rates in kbit/s, by version (1 or 2) and layer bits (1, 2, 3 for III, II, I) (ISO/IEC 11172-3 §2.4.2.3, 13818-3).
 */
const KILOBITS: Readonly<Record<string, readonly number[]>> = {
  '1.1': [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  '1.2': [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  '1.3': [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  '2.1': [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  '2.2': [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  '2.3': [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
};

/** Length in bytes of the frame whose header is at a position (0 for free format); undefined when there is none. */
function mpegFrame(head: Uint8Array, at: number): number | undefined {
  const [first = 0, second = 0, third = 0] = head.subarray(at, at + 3);
  const version = (second >> 3) & 3;
  const layer = (second >> 1) & 3;
  const rateIndex = (third >> 2) & 3;
  if (first !== 0xff || second < 0xe0 || version === 1 || layer === 0 || third >> 4 === 15 || rateIndex === 3) {
    return undefined;
  }
  const kilobits = KILOBITS[`${version === 3 ? 1 : 2}.${layer}`]?.[third >> 4] ?? 0;
  const rate = [44_100, 48_000, 32_000][rateIndex]! / (version === 3 ? 1 : version === 2 ? 2 : 4);
  const padding = (third >> 1) & 1;
  if (layer === 3) return 4 * (Math.floor((12_000 * kilobits) / rate) + (kilobits > 0 ? padding : 0));
  const samples = layer === 1 && version !== 3 ? 576 : 1152;
  return Math.floor((samples * 125 * kilobits) / rate) + (kilobits > 0 ? padding : 0);
}
