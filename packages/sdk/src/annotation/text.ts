import { invalidOption, type VoiceFlowError } from '../contract/errors.ts';

/**
 * Splits a text file into lines (any line endings), without the byte order mark.
 * @throws `invalid-option` for a non-string.
 */
export function linesOf(text: string, format: string): string[] {
  if (typeof text !== 'string') {
    throw invalidOption(`${format}: received ${typeof text}, expected the text of a file`);
  }
  return withoutMark(text).split(/\r\n|\r|\n/);
}

/** The text of a file without the byte order mark. */
export function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** Parses the text of a JSON file. @param wrong Makes the error, of the reason and its cause. */
export function parseJson(text: string, wrong: (why: string, cause: unknown) => VoiceFlowError): unknown {
  try {
    return JSON.parse(withoutMark(text));
  } catch (cause) {
    throw wrong((cause as Error).message, cause);
  }
}

/** The error of all readers: `invalid-option` with the format, the line number (from 1) and what was expected. */
export function badLine(format: string, index: number, line: string, expected: string): VoiceFlowError {
  const shown = line.length > 60 ? `${line.slice(0, 57)}…` : line;
  return invalidOption(
    `${format} line ${index + 1} is ${JSON.stringify(shown)}: ${expected}`,
    `Check that the file is ${format}, or correct that line.`,
  );
}

// Each digit can match in only one way, so that matching takes linear time.
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Parses a decimal number, or returns NaN. `Number` alone would also accept '', '0x10' and 'Infinity'. */
export function parseDecimal(text: string): number {
  return DECIMAL.test(text) ? Number(text) : Number.NaN;
}

/**
 * RTTM and UEM separate fields by whitespace and have no quoting. Whitespace and control characters in names are
 * percent-encoded as in a URL (`Ada%20L`), and so is a `%` that would be read as such an escape. The reader decodes
 * exactly what the writer encodes; any other `%` is kept.
 */
const TO_ESCAPE = /[\s\p{Cc}]|%(?=[0-9A-Fa-f]{2})/gu;
const ESCAPED = /%(?:[01][0-9A-F]|20|25|7F|C2%[89AB][0-9A-F]|E[1-3]%[89AB][0-9A-F]%[89AB][0-9A-F]|EF%BB%BF)/gi;
const IS_ESCAPABLE = /^[\s\p{Cc}%]$/u;

/** The empty name is written as `<NA>`, like any absent field. */
export function escapeName(name: string): string {
  return name === '' ? '<NA>' : name.replace(TO_ESCAPE, (character) => encodeURIComponent(character));
}

export function unescapeName(field: string): string {
  return field.replace(ESCAPED, (escaped) => {
    const character = decode(escaped);
    return IS_ESCAPABLE.test(character) ? character : escaped;
  });
}

function decode(escaped: string): string {
  try {
    return decodeURIComponent(escaped);
  } catch {
    // The bytes are not valid UTF-8.
    return escaped;
  }
}
