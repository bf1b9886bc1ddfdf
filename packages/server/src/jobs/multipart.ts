import { VoiceFlowError } from 'voiceflow-ml/core';

/** A form: one file, and the text fields. */
export interface Form {
  readonly file: Uint8Array<ArrayBuffer>;
  readonly fields: Readonly<Record<string, string>>;
}

/** Parts in one form. */
const MAX_PARTS = 64;
/** Bytes of one part's headers. */
const MAX_HEAD = 16_384;
/** Bytes of one text field: known voices with their embeddings are some 6 kB each. */
const MAX_FIELD = 1024 * 1024;

/** Whether a `Content-Type` is that of a form. */
export function isMultipart(contentType: string): boolean {
  return /^multipart\/form-data\b/i.test(contentType);
}

/**
 * Takes a `multipart/form-data` body (RFC 7578) apart without copying its file. A form that was cut off gives what
 * there is of its file, like any truncated audio.
 * @throws `invalid-option` for a form without a boundary or without one part named `file`.
 */
export function parseMultipart(body: Uint8Array<ArrayBuffer>, contentType: string): Form {
  const boundary = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  const name = boundary?.[1] ?? boundary?.[2];
  if (name === undefined) throw broken('its Content-Type names no boundary');
  const delimiter = new TextEncoder().encode(`--${name}`);
  const between = new TextEncoder().encode(`\r\n--${name}`);

  let file: Uint8Array<ArrayBuffer> | undefined;
  const fields: Record<string, string> = Object.create(null);
  let at = indexOf(body, delimiter, 0);
  for (let parts = 0; at !== -1; parts++) {
    if (parts > MAX_PARTS) throw broken(`it has more than ${MAX_PARTS} parts`);
    at += parts === 0 ? delimiter.length : between.length;
    if (body[at] === DASH && body[at + 1] === DASH) break;
    const headEnd = indexOf(body.subarray(0, at + MAX_HEAD), HEAD_END, at);
    if (headEnd === -1) break;
    const start = headEnd + HEAD_END.length;
    // The headers' own line end counts as the one before the next boundary, so an empty part is found as well.
    const next = nextDelimiter(body, between, start - 2);
    const part = body.subarray(start, next === -1 ? body.length : Math.max(next, start));
    const field = fieldName(new TextDecoder().decode(body.subarray(at, headEnd)));
    if (field === 'file') {
      if (file !== undefined) throw broken('it has more than one part named "file"');
      file = part;
    } else if (field !== undefined) {
      if (part.length > MAX_FIELD)
        throw broken(`its field "${field}" has ${part.length} bytes, expected at most ${MAX_FIELD}`);
      fields[field] = new TextDecoder().decode(part);
    }
    at = next;
  }
  if (file === undefined) throw broken('it has no part named "file"');
  return { file, fields };
}

const [TAB, LF, CR, SPACE, DASH] = [9, 10, 13, 32, 45];
const HEAD_END = new Uint8Array([CR, LF, CR, LF]);

function fieldName(head: string): string | undefined {
  const disposition = /^content-disposition:\s*form-data\b(.*)$/im.exec(head)?.[1];
  const quoted = /;\s*name="((?:[^"\\]|\\.)*)"/i.exec(disposition ?? '')?.[1];
  return quoted?.replace(/%22/g, '"') ?? /;\s*name=([^\s;"]+)/i.exec(disposition ?? '')?.[1];
}

/** Where the next line that is a delimiter begins: more text after it makes it a line of the file. */
function nextDelimiter(body: Uint8Array, between: Uint8Array, from: number): number {
  for (let at = indexOf(body, between, from); at !== -1; at = indexOf(body, between, at + 1)) {
    let end = at + between.length;
    if (body[end] === DASH && body[end + 1] === DASH) return at;
    while (body[end] === SPACE || body[end] === TAB) end++;
    if (body[end] === CR && body[end + 1] === LF) return at;
  }
  return -1;
}

/** Where `needle` begins in `hay` at or after `from`, or -1: a native scan for the first byte, then a comparison. */
function indexOf(hay: Uint8Array, needle: Uint8Array, from: number): number {
  const first = needle[0] ?? 0;
  for (let at = hay.indexOf(first, from); at !== -1; at = hay.indexOf(first, at + 1)) {
    let same = 1;
    while (same < needle.length && hay[at + same] === needle[same]) same++;
    if (same === needle.length) return at;
  }
  return -1;
}

function broken(why: string): VoiceFlowError {
  return new VoiceFlowError('invalid-option', `the form cannot be read: ${why}`, {
    hint: 'Send the audio as the part "file" of a multipart/form-data body, or as the body itself.',
  });
}
