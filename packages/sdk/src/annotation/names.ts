/**
 * RTTM and UEM part their fields by blanks and know no quoting. Blanks and control characters in a name are written
 * as in a URL (`Ada%20L`), and so is a `%` that would read as one of these. The reader turns back exactly what the
 * writer makes; every other `%` stays.
 */
const TO_ESCAPE = /[\s\p{Cc}]|%(?=[0-9A-Fa-f]{2})/gu;
const ESCAPED = /%(?:[01][0-9A-F]|20|25|7F|C2%[89AB][0-9A-F]|E[1-3]%[89AB][0-9A-F]%[89AB][0-9A-F]|EF%BB%BF)/gi;
const IS_ESCAPABLE = /^[\s\p{Cc}%]$/u;

/** The empty name is written `<NA>`, as every absent field. */
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
    // Bytes that are no UTF-8.
    return escaped;
  }
}
