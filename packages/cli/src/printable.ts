/**
 * What a terminal obeys or hides rather than shows: C0 and C1 controls with DEL, line and paragraph separators, marks
 * that turn the direction of writing, halves of characters.
 */
const UNSEEN = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
const UNSEEN_IN_LINES = new RegExp(`(?![\\n\\t])${UNSEEN.source}`, 'gu');

/**
 * Text as a terminal may get it: names of files, labels and messages come from strangers.
 * @param lines Whether it may have line ends and tabs.
 */
export function printable(text: string, lines = false): string {
  return text.replace(lines ? UNSEEN_IN_LINES : UNSEEN, '\ufffd');
}

/** The same in one line, blanks of any kind made one. */
export function oneLine(text: string): string {
  return printable(text.replace(/\s+/g, ' ').trim());
}
