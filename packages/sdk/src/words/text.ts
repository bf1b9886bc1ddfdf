/** What is written of a word, and how words are joined: blanks, languages without them, ends of sentences. */

/** Letters of languages that are written without blanks between words. */
export const UNSPACED =
  '[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}]';
const ENDS_UNSPACED = new RegExp(`(?:${UNSPACED}|[、。，！？：；」』）])$`, 'u');
const BEGINS_UNSPACED = new RegExp(`^${UNSPACED}`, 'u');
const CLOSES = /^[,.!?;:…%)\]}»”、。，！？：；」』）]/u;

/** The last letter says that a sentence ends; quotes and brackets may follow it. */
const ENDS_SENTENCE = /[.!?…。！？｡؟।][\s"'’”»›)\]}」』）]*$/u;
/** Written with a stop, but no end of a sentence. */
const ABBREVIATION = /^(?:\p{L}|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|No|ca|bzw|z\.B|d\.h|e\.g|i\.e)\.$/iu;

/** Whether a word follows without a blank: in such a language, or as punctuation. */
export function joins(line: string, word: string): boolean {
  return line === '' || CLOSES.test(word) || (ENDS_UNSPACED.test(line.slice(-2)) && BEGINS_UNSPACED.test(word));
}

export function endsSentence(word: string): boolean {
  return ENDS_SENTENCE.test(word) && !ABBREVIATION.test(word.trim());
}

/** Its `text`, else its `word`. */
export function defaultText(word: object): string {
  const { text, word: spelled } = word as { text?: unknown; word?: unknown };
  const found = text ?? spelled ?? '';
  return typeof found === 'string' ? found : (JSON.stringify(found) ?? '');
}
