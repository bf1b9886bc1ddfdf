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
