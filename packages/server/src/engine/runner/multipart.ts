import { invalidOption, throwIfAborted, type VoiceFlowError } from 'voiceflow-ml/core';

/** A form with one file and text fields. */
export interface Form {
  readonly file: Uint8Array<ArrayBuffer>;
  /** The file's name, given by the client. */
  readonly filename: string | undefined;
  readonly fields: Readonly<Record<string, string>>;
}

const MAX_PARTS = 64;
/** Largest headers of a part, in bytes. */
const MAX_HEAD = 16_384;
/** Largest text field in bytes. Known voices with their embeddings take about 6 kB each. */
const MAX_FIELD = 1024 * 1024;

export function isMultipart(contentType: string): boolean {
  return /^multipart\/form-data\b/i.test(contentType);
}

/**
 * Parses a `multipart/form-data` body (RFC 7578) without copying its file. A truncated form yields the available part
 * of its file, like any truncated audio. The time is linear in the size of the body, for any content.
 * @throws `invalid-option` for a form without a boundary or without one part named `file`; the signal's reason.
 */
export async function parseMultipart(
  body: Uint8Array<ArrayBuffer>,
  contentType: string,
  signal?: AbortSignal,
): Promise<Form> {
  const boundary = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  const name = boundary?.[1] ?? boundary?.[2];
  if (name === undefined) throw broken('its Content-Type has no boundary');
  const delimiter = new TextEncoder().encode(`\r\n--${name}`);
  const lines = new Delimiters(body, delimiter, signal);

  let file: Form['file'] | undefined;
  let filename: string | undefined;
  const fields: Record<string, string> = Object.create(null);
  // A delimiter is a whole line. The first may start the body; all others follow a line end.
  let at = lines.isDelimiter(-LINE_END) ? -LINE_END : await lines.next(0);
  for (let parts = 0; at !== -1; parts++) {
    if (parts > MAX_PARTS) throw broken(`it has more than ${MAX_PARTS} parts`);
    at += delimiter.length;
    if (body[at] === DASH && body[at + 1] === DASH) break;
    const headEnd = headEndFrom(body, at);
    if (headEnd === -1) break;
    const start = headEnd + 2 * LINE_END;
    // The line end of the headers may also be the one before the next boundary, so that an empty part is found.
    const next = await lines.next(start - LINE_END);
    const part = body.subarray(start, next === -1 ? body.length : Math.max(next, start));
    const head = new TextDecoder().decode(body.subarray(at, headEnd));
    const field = parameterOf(head, 'name');
    if (field === 'file') {
      if (file !== undefined) throw broken('it has more than one part named "file"');
      file = part;
      filename = parameterOf(head, 'filename');
    } else if (field !== undefined) {
      if (part.length > MAX_FIELD)
        throw broken(`its field "${field.slice(0, 60)}" has ${part.length} bytes, expected at most ${MAX_FIELD}`);
      if (field in fields) throw broken(`its field "${field.slice(0, 60)}" appears twice`);
      fields[field] = new TextDecoder().decode(part);
    }
    at = next;
  }
  if (file === undefined) throw broken('it has no part named "file"');
  return { file, filename, fields };
}

const [TAB, LF, CR, SPACE, DASH] = [9, 10, 13, 32, 45];
const LINE_END = 2;
/** Most white space after a delimiter on its line. */
const MAX_PADDING = 100;
/** Bytes searched between checks of the signal; takes a few milliseconds. */
const SEARCH_CHUNK_BYTES = 4 * 1024 * 1024;

/** A parameter of a part's Content-Disposition. */
function parameterOf(head: string, name: 'name' | 'filename'): string | undefined {
  const disposition = /^content-disposition:\s*form-data\b(.*)$/im.exec(head)?.[1] ?? '';
  const [quoted, bare] =
    name === 'name'
      ? [/;\s*name="((?:[^"\\]|\\.)*)"/i, /;\s*name=([^\s;"]+)/i]
      : [/;\s*filename="((?:[^"\\]|\\.)*)"/i, /;\s*filename=([^\s;"]+)/i];
  return quoted.exec(disposition)?.[1]?.replace(/%22/g, '"') ?? bare.exec(disposition)?.[1];
}

function headEndFrom(body: Uint8Array, from: number): number {
  const end = Math.min(from + MAX_HEAD, body.length - 3);
  for (let at = from; at < end; at++) {
    if (body[at] === CR && body[at + 1] === LF && body[at + 2] === CR && body[at + 3] === LF) return at;
  }
  return -1;
}

class Delimiters {
  readonly #body: Uint8Array;
  readonly #delimiter: Uint8Array;
  readonly #signal: AbortSignal | undefined;

  constructor(body: Uint8Array, delimiter: Uint8Array, signal: AbortSignal | undefined) {
    this.#body = body;
    this.#delimiter = delimiter;
    this.#signal = signal;
  }

  /**
   * Position of the next delimiter line, including the line end before it, or -1. A delimiter begins with a CR and has
   * no other one, so compared bytes never contain another possible start and nothing is compared twice.
   */
  async next(from: number): Promise<number> {
    const body = this.#body;
    const last = body.length - this.#delimiter.length;
    for (let begin = from; begin <= last; begin += SEARCH_CHUNK_BYTES) {
      if (begin > from) await yieldToEventLoop(this.#signal);
      const end = Math.min(begin + SEARCH_CHUNK_BYTES, last + 1);
      for (let at = begin; at < end; at++) if (body[at] === CR && this.isDelimiter(at)) return at;
    }
    return -1;
  }

  /** Whether a delimiter line is at a position. With other text after it, it is a line of the file. */
  isDelimiter(at: number): boolean {
    const body = this.#body;
    if (!isAt(body, this.#delimiter, at)) return false;
    let end = at + this.#delimiter.length;
    if (body[end] === DASH && body[end + 1] === DASH) return true;
    const padded = end + MAX_PADDING;
    while (end < padded && (body[end] === SPACE || body[end] === TAB)) end++;
    return body[end] === CR && body[end + 1] === LF;
  }
}

/** @param at May be negative: positions before the body count as equal. */
function isAt(body: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = Math.max(0, -at); i < bytes.length; i++) if (body[at + i] !== bytes[i]) return false;
  return true;
}

/** Yields to the event loop, for example to receive the message that cancels this task. */
async function yieldToEventLoop(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  throwIfAborted(signal);
}

function broken(why: string): VoiceFlowError {
  return invalidOption(
    `the form cannot be read: ${why}`,
    'Send the audio as the part "file" of a multipart/form-data body, or as the body itself.',
  );
}
