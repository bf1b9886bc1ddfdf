/** What bytes look like, without an article, and what to do about it. */
export interface Likeness {
  readonly name: string;
  readonly hint: string;
}

/** Bytes that `describeBytes` wants to see. */
export const DESCRIBE_BYTES = 512;

const CONVERT = 'convert it first: ffmpeg -i INPUT -ar 16000 -ac 1 out.wav';
const UNPACK = 'unpack it and pass the audio inside';
const CHECK = 'check that the path or address really leads to the recording';

/** Signatures as [offset, bytes as Latin-1 text, name, hint]; the first that matches wins. */
const SIGNATURES: readonly (readonly [number, string, string, string])[] = [
  [0, 'ID3', 'MP3 recording (ID3 tag)', CONVERT],
  [4, 'ftypM4A', 'MPEG-4 audio (M4A)', CONVERT],
  [4, 'ftypqt', 'QuickTime movie', CONVERT],
  [4, 'ftyp3g', '3GP recording', CONVERT],
  [4, 'ftyp', 'MPEG-4 file (MP4)', CONVERT],
  [4, 'moov', 'MPEG-4 file (MP4)', CONVERT],
  [4, 'mdat', 'MPEG-4 file (MP4)', CONVERT],
  [28, 'OpusHead', 'Ogg Opus recording', CONVERT],
  [28, '\x01vorbis', 'Ogg Vorbis recording', CONVERT],
  [28, '\x7fFLAC', 'Ogg FLAC recording', CONVERT],
  [0, 'OggS', 'Ogg file', CONVERT],
  [0, 'fLaC', 'FLAC recording', CONVERT],
  [0, '\x1aE\xdf\xa3', 'Matroska or WebM file', CONVERT],
  [8, 'AIFF', 'AIFF recording', CONVERT],
  [8, 'AIFC', 'AIFF-C recording', CONVERT],
  [0, '.snd', 'Sun AU recording', CONVERT],
  [0, 'caff', 'Core Audio recording (CAF)', CONVERT],
  [0, '#!AMR', 'AMR recording', CONVERT],
  [0, 'riff.\x91\xcf\x11', 'Sony Wave64 recording (W64)', CONVERT],
  [0, 'wvpk', 'WavPack recording', CONVERT],
  [0, 'MAC ', "Monkey's Audio recording (APE)", CONVERT],
  [0, 'TTA1', 'TTA recording', CONVERT],
  [0, 'DSD ', 'DSD recording', CONVERT],
  [0, '0&\xb2u\x8ef\xcf\x11', 'Windows Media file (ASF)', CONVERT],
  [0, '\x0bw', 'AC-3 recording', CONVERT],
  [0, 'FLV', 'Flash video', CONVERT],
  [8, 'AVI ', 'AVI video', CONVERT],
  [8, 'WEBP', 'WebP picture', CHECK],
  [0, 'MThd', 'MIDI file, which has notes and no sound', CHECK],
  [0, 'PK\x03\x04', 'ZIP archive', UNPACK],
  [0, '\x1f\x8b', 'gzip archive', UNPACK],
  [0, 'BZh', 'bzip2 archive', UNPACK],
  [0, '\xfd7zXZ', 'xz archive', UNPACK],
  [0, '7z\xbc\xaf', '7-Zip archive', UNPACK],
  [0, '(\xb5/\xfd', 'Zstandard archive', UNPACK],
  [0, 'Rar!', 'RAR archive', UNPACK],
  [257, 'ustar', 'tar archive', UNPACK],
  [0, 'x\x9c', 'zlib stream', UNPACK],
  [0, 'x\x01', 'zlib stream', UNPACK],
  [0, 'x\xda', 'zlib stream', UNPACK],
  [0, '%PDF', 'PDF document', CHECK],
  [0, '\x89PNG', 'PNG picture', CHECK],
  [0, '\xff\xd8\xff', 'JPEG picture', CHECK],
  [0, 'GIF8', 'GIF picture', CHECK],
  [0, '\x7fELF', 'ELF program', CHECK],
  [0, 'SQLite format 3', 'SQLite database', CHECK],
  [0, '\x93NUMPY', 'NumPy array', 'pass its samples as { samples: Float32Array, sampleRate }'],
  [0, 'version https://git-lfs', 'Git LFS pointer', 'fetch the file itself: git lfs pull'],
  [0, 'data:', 'data: URI', 'decode it first and pass its bytes'],
  [0, 'UklGR', 'base64 text of a WAV', 'decode it first and pass its bytes'],
  [0, 'SPEAKER ', 'RTTM annotation', 'pass the recording; `voiceflow score` reads RTTM'],
  [0, '--', 'multipart body or other text', 'pass the part that holds the recording'],
];

/** Signatures in text, after blanks and in lower case. */
const TEXTS: readonly (readonly [string, string, string])[] = [
  ['<!doctype html', 'HTML page', 'look at the page: it may be an error or a log-in in place of the recording'],
  ['<html', 'HTML page', 'look at the page: it may be an error or a log-in in place of the recording'],
  ['<?xml', 'XML document', CHECK],
  ['<', 'HTML or XML document', CHECK],
  ['{', 'JSON document', 'read it: it may be an error message in place of the recording'],
  ['[', 'JSON document', 'read it: it may be an error message in place of the recording'],
];

/** Says what bytes that no decoder knows look like. @param head the first `DESCRIBE_BYTES`, or all there are. */
export function describeBytes(head: Uint8Array): Likeness {
  if (head.length === 0) return { name: 'empty input (0 bytes)', hint: CHECK };
  const known = recognise(head);
  if (known) return known;
  const latin = String.fromCharCode(...head);
  if (isText(head)) return describeText(latin);
  if (head.every((byte) => byte === 0)) {
    return { name: 'run of zero bytes', hint: 'check that the file was written or downloaded whole' };
  }
  return {
    name: `unknown data (${hexHead(head)})`,
    hint: `raw PCM needs { samples, sampleRate }; other audio: ${CONVERT}`,
  };
}

/** The format whose signature the bytes begin with, if it is one of ours. */
export function recognise(head: Uint8Array): Likeness | undefined {
  const latin = String.fromCharCode(...head);
  for (const [at, magic, name, hint] of SIGNATURES) {
    if (latin.startsWith(magic, at)) return { name, hint };
  }
  const riff = describeRiff(latin);
  if (riff) return { name: riff, hint: 'check that the whole file arrived unchanged' };
  const mpeg = describeMpeg(head);
  return mpeg === undefined ? undefined : { name: mpeg, hint: CONVERT };
}

/** RIFF-like heads that are not WAV. */
function describeRiff(latin: string): string | undefined {
  if (/^RI?F?F?$/.test(latin)) return 'beginning of a RIFF header, cut short';
  if (!/^(RIF[FX]|RF64|BW64)/.test(latin)) return undefined;
  if (latin.length < 12) return 'RIFF header, cut short';
  return `RIFF file of form ${JSON.stringify(latin.slice(8, 12))} in place of "WAVE"`;
}

/** MPEG audio by the fields of its frame header (ISO/IEC 11172-3, 13818-7). */
function describeMpeg(head: Uint8Array): string | undefined {
  const [first = 0, second = 0, third = 0] = head;
  if (first !== 0xff || second < 0xe0) return undefined;
  if (second === 0xf8) return 'FLAC frame without the head of its file';
  if ((second & 0xf6) === 0xf0) return 'AAC recording (ADTS)';
  const layer = (second >> 1) & 3;
  if (layer === 0 || ((second >> 3) & 3) === 1 || third >> 4 === 15 || ((third >> 2) & 3) === 3) return undefined;
  return ['', 'MP3 recording', 'MPEG layer 2 recording (MP2)', 'MPEG layer 1 recording'][layer];
}

function describeText(latin: string): Likeness {
  const text = latin.replace(/^(\xef\xbb\xbf)?\s*/, '').toLowerCase();
  for (const [start, name, hint] of TEXTS) {
    if (text.startsWith(start)) return { name, hint };
  }
  return { name: 'plain text', hint: CHECK };
}

/** Whether it is UTF-8 without control characters but blanks; a character cut off at the end is fine. */
function isText(head: Uint8Array): boolean {
  if (head.some((byte) => byte === 0x7f || (byte < 0x20 && (byte < 9 || byte > 13)))) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function hexHead(head: Uint8Array): string {
  const bytes = Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `it begins with ${bytes}${head.length > 8 ? ' …' : ''}`;
}
