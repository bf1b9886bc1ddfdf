/**
 * Characters that a terminal interprets or hides: C0 and C1 controls with DEL, line and paragraph separators, marks for
 * the direction of writing, lone surrogates.
 */
const UNSEEN = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
const UNSEEN_IN_LINES = new RegExp(`(?![\\n\\t])${UNSEEN.source}`, 'gu');

/**
 * Makes text safe for a terminal: names of files, labels and messages are not trusted.
 * @param lines Whether to keep line ends and tabs.
 */
export function printable(text: string, lines = false): string {
  return text.replace(lines ? UNSEEN_IN_LINES : UNSEEN, '\ufffd');
}

/** The same on one line; each run of whitespace becomes one space. */
export function oneLine(text: string): string {
  return printable(text.replace(/\s+/g, ' ').trim());
}

/** The beginning of a text that is longer than `length` characters. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
