/** What some bytes look like (without an article), and a hint for the user. */
interface FormatGuess {
  readonly name: string;
  readonly hint: string;
}

/** Number of bytes that `describeBytes` needs. */
export const DESCRIBE_BYTES = 512;

const CONVERT = 'convert it first: ffmpeg -i INPUT -ar 16000 -ac 1 out.wav';
const INSTALL =
  'install @voiceflow-ml/codecs, which reads it (in a page, pass it as `decoders`); or convert it: ffmpeg -i INPUT -ar 16000 -ac 1 out.wav';
const UNPACK = 'unpack it and pass the audio inside';
const CHECK = 'check that the path or URL points to the recording';
const INSPECT = 'inspect it: it may be an error message instead of the recording';
const DECODE = 'decode it and pass the bytes';

/** [offset, bytes as Latin-1 text, name]; the first match wins. */
type Signature = readonly [number, string, string];

const AUDIO: readonly Signature[] = [
  [0, 'ID3', 'MP3 recording'],
  [4, 'ftypM4A', 'MPEG-4 audio (M4A)'],
  [4, 'ftyp', 'MPEG-4 file (MP4)'],
  [4, 'moov', 'MPEG-4 file (MP4)'],
  [28, 'OpusHead', 'Ogg Opus recording'],
  [28, '\x01vorbis', 'Ogg Vorbis recording'],
  [0, 'OggS', 'Ogg file'],
  [0, 'fLaC', 'FLAC recording'],
  [0, '\x1aE\xdf\xa3', 'Matroska or WebM file'],
  [8, 'AIFF', 'AIFF recording'],
  [8, 'AIFC', 'AIFF-C recording'],
  [8, 'AVI ', 'AVI video'],
  [0, '.snd', 'Sun AU recording'],
  [0, 'caff', 'Core Audio recording (CAF)'],
  [0, '#!AMR', 'AMR recording'],
  [0, 'riff.\x91\xcf\x11', 'Wave64 recording'],
  [0, 'wvpk', 'WavPack recording'],
  [0, '0&\xb2u\x8ef\xcf\x11', 'Windows Media file'],
  [0, '\x0bw', 'AC-3 recording'],
];

const ARCHIVES: readonly Signature[] = [
  [0, 'PK\x03\x04', 'ZIP archive'],
  [0, '\x1f\x8b', 'gzip archive'],
  [0, 'x\x9c', 'zlib stream'],
  [257, 'ustar', 'tar archive'],
];

const OTHERS: readonly Signature[] = [
  [0, 'MThd', 'MIDI file'],
  [0, '%PDF', 'PDF document'],
  [0, '\x89PNG', 'PNG picture'],
  [0, '\xff\xd8\xff', 'JPEG picture'],
  [0, '\x7fELF', 'ELF program'],
  [0, 'version https://git-lfs', 'Git LFS pointer'],
  [0, 'SPEAKER ', 'RTTM annotation'],
];

const ENCODED: readonly Signature[] = [
  [0, 'data:', 'data: URI'],
  [0, 'UklGR', 'base64 text of a WAV'],
  [0, '--', 'multipart body or other text'],
];

/** Signatures of text, after leading whitespace, in lower case. */
const MESSAGES: readonly Signature[] = [
  [0, '<!doctype html', 'HTML page'],
  [0, '<html', 'HTML page'],
  [0, '<', 'XML document'],
  [0, '{', 'JSON document'],
  [0, '[', 'JSON document'],
];

function match(latin: string, signatures: readonly Signature[], hint: string): FormatGuess | undefined {
  const found = signatures.find(([at, magic]) => latin.startsWith(magic, at));
  return found && { name: found[2], hint };
}

/**
 * Describes bytes that no decoder supports.
 * @param head The first `DESCRIBE_BYTES` bytes, or all if there are fewer.
 */
export function describeBytes(head: Uint8Array): FormatGuess {
  const known = recognize(head);
  if (known) return known;
  if (head.length === 0) return { name: 'empty input', hint: CHECK };
  if (head.every((byte) => byte === 0)) return { name: 'run of zero bytes', hint: CHECK };
  if (isText(head)) {
    const text = String.fromCharCode(...head).replace(/^(\xef\xbb\xbf)?\s*/, '');
    return match(text.toLowerCase(), MESSAGES, INSPECT) ?? { name: 'plain text', hint: CHECK };
  }
  const start = Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const hint = `raw PCM needs { samples, sampleRate }; other audio: ${CONVERT}`;
  return { name: `unknown data (it begins with ${start})`, hint };
}

/** The format whose signature the bytes begin with, if it is a known one. */
export function recognize(head: Uint8Array): FormatGuess | undefined {
  const latin = String.fromCharCode(...head);
  const found =
    match(latin, AUDIO, INSTALL) ??
    match(latin, ARCHIVES, UNPACK) ??
    match(latin, OTHERS, CHECK) ??
    match(latin, ENCODED, DECODE);
  if (found) return found;
  if (/^(R|RI|RIF|RIF[FX].*|RF64.*|BW64.*)$/s.test(latin))
    return { name: 'RIFF file that is truncated or not WAVE', hint: CHECK };
  const mpeg = describeMpeg(head);
  return mpeg === undefined ? undefined : { name: mpeg, hint: INSTALL };
}

/** Number of bytes that `containerOf` needs. */
export const CONTAINER_BYTES = 12;
/** A signature as short as this one can occur in raw samples by chance, so the version is checked too. */
const ID3 = 'ID3';

/**
 * The format of bytes that cannot be headerless samples, because they begin with a signature of at least four bytes (or
 * `ID3` with a version). @param head The first `CONTAINER_BYTES` bytes.
 */
export function containerOf(head: Uint8Array): string | undefined {
  const latin = String.fromCharCode(...head.subarray(0, CONTAINER_BYTES));
  if (/^(RIF[FX]|RF64|BW64)....WAVE/s.test(latin)) return 'WAV recording';
  if (latin.startsWith(ID3)) return (head[3] ?? 255) < 5 ? 'MP3 recording' : undefined;
  return AUDIO.find(([at, magic]) => magic.length >= 4 && latin.startsWith(magic, at))?.[2];
}

/** Recognizes MPEG audio by the fields of its frame header (ISO/IEC 11172-3, 13818-7). */
function describeMpeg(head: Uint8Array): string | undefined {
  const [first = 0, second = 0, third = 0] = head;
  if (first !== 0xff || second < 0xe0) return undefined;
  if (second === 0xf8) return 'FLAC frame without the header of its file';
  if ((second & 0xf6) === 0xf0) return 'AAC recording (ADTS)';
  const layer = (second >> 1) & 3;
  if (layer === 0 || ((second >> 3) & 3) === 1 || third >> 4 === 15 || ((third >> 2) & 3) === 3) return undefined;
  return `MP${4 - layer} recording`;
}

/** Whether the bytes are UTF-8 without control characters except whitespace. The last character may be cut off. */
function isText(head: Uint8Array): boolean {
  if (head.some((byte) => byte === 0x7f || (byte < 0x20 && (byte < 9 || byte > 13)))) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}
