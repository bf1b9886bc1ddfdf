/** A family of formats, known by its first bytes. */
export interface Family {
  /** For messages. */
  readonly format: string;
  sniff(head: Uint8Array): boolean;
}

/** [offset, bytes as Latin-1 text]. */
type Signature = readonly [number, string];

/** What reads as a signature, and what by its fields. The bytes decide; WAV itself is core's but for its codecs. */
export const FAMILIES: readonly Family[] = [
  family('FLAC', [[0, 'fLaC']]),
  family('Ogg', [[0, 'OggS']]),
  family(
    'MP4',
    [4, 4, 4, 4, 4, 4].map((at, i) => [at, ['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip'][i] as string]),
  ),
  family('WebM', [[0, '\x1aE\xdf\xa3']]),
  family('AIFF', [
    [8, 'AIFF'],
    [8, 'AIFC'],
  ]),
  family('AU', [[0, '.snd']]),
  family('CAF', [[0, 'caff']]),
  family('Wave64', [[0, 'riff.\x91\xcf\x11']]),
  family('WavPack', [[0, 'wvpk']]),
  family('AMR', [[0, '#!AMR']]),
  family('AVI', [[8, 'AVI ']]),
  family('WMA', [[0, '0&\xb2u\x8ef\xcf\x11']]),
  family('AC-3', [[0, '\x0bw']]),
  family('FLV', [[0, 'FLV\x01']]),
  family('TTA', [[0, 'TTA1']]),
  family('APE', [[0, 'MAC ']]),
  family('MPEG program stream', [[0, '\0\0\x01\xba']]),
  { format: 'MPEG transport stream', sniff: isTransportStream },
  { format: 'WAV with ADPCM, GSM or MP3', sniff: isCompressedWav },
  { format: 'AAC', sniff: isAdts },
  { format: 'MP3', sniff: isMpegAudio },
];

function family(format: string, signatures: readonly Signature[]): Family {
  return {
    format,
    sniff: (head) => {
      const text = String.fromCharCode(...head.subarray(0, 64));
      return signatures.some(([at, magic]) => text.startsWith(magic, at)) && !text.startsWith('RIFF', 4);
    },
  };
}

/** Packets of 188 bytes that begin with 0x47 (ISO/IEC 13818-1 §2.4.3.2). */
function isTransportStream(head: Uint8Array): boolean {
  return [0, 188, 376].every((at) => head[at] === 0x47);
}

/** Format tags that core reads by itself (mmreg.h): PCM, float, A-law, µ-law, and EXTENSIBLE. */
const PLAIN_TAGS = [0x0001, 0x0003, 0x0006, 0x0007, 0xfffe];

/** A WAV whose `fmt ` chunk is within the head and names a codec that core does not read. */
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

/** AAC with ADTS headers (ISO/IEC 13818-7 §6.2): sync word, layer 0, a known rate. */
function isAdts(head: Uint8Array): boolean {
  const [first = 0, second = 0, third = 0] = head;
  return first === 0xff && (second & 0xf6) === 0xf0 && ((third >> 2) & 15) < 13;
}

/** An MPEG audio frame header (ISO/IEC 11172-3 §2.4.1.3) without forbidden values, or a tag before one. */
function isMpegAudio(head: Uint8Array): boolean {
  const [first = 0, second = 0, third = 0] = head;
  if (String.fromCharCode(...head.subarray(0, 3)) === 'ID3') return false;
  if (first !== 0xff || second < 0xe0) return false;
  const version = (second >> 3) & 3;
  const layer = (second >> 1) & 3;
  return version !== 1 && layer !== 0 && third >> 4 !== 15 && ((third >> 2) & 3) !== 3;
}
