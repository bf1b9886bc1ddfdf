/** The text of words, and rules for joining them: spaces, scripts without spaces, ends of sentences. */

/** Letters of scripts that are written without spaces between words. */
export const UNSPACED =
  '[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}]';
const ENDS_UNSPACED = new RegExp(`(?:${UNSPACED}|[、。，！？：；」』）])$`, 'u');
const BEGINS_UNSPACED = new RegExp(`^${UNSPACED}`, 'u');
const CLOSES = /^[,.!?;:…%)\]}»”、。，！？：；」』）]/u;

/** Punctuation that ends a sentence, optionally followed by quotes and brackets. */
const ENDS_SENTENCE = /[.!?…。！？｡؟।][\s"'’”»›)\]}」』）]*$/u;
/** Abbreviations, whose period does not end a sentence. */
const ABBREVIATION = /^(?:\p{L}|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|No|ca|bzw|z\.B|d\.h|e\.g|i\.e)\.$/iu;

/** Whether a word follows without a space: in a script without spaces, or as punctuation. */
export function joins(line: string, word: string): boolean {
  return line === '' || CLOSES.test(word) || (ENDS_UNSPACED.test(line.slice(-2)) && BEGINS_UNSPACED.test(word));
}

export function endsSentence(word: string): boolean {
  return ENDS_SENTENCE.test(word) && !ABBREVIATION.test(word.trim());
}

/** Default text of a word: its `text`, else its `word`. */
export function defaultText(word: object): string {
  const { text, word: spelled } = word as { text?: unknown; word?: unknown };
  const found = text ?? spelled ?? '';
  return typeof found === 'string' ? found : (JSON.stringify(found) ?? '');
}
