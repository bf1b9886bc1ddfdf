import { UNSPACED } from '../text.ts';
import type { Part, RecognizedWord } from './transcript.ts';

/** A letter of a language without blanks with its marks and what closes it, or letters up to the next such or a blank. */
const WORDS = new RegExp(`${UNSPACED}\\p{M}*[^\\s\\p{L}\\p{N}]*|(?:(?!${UNSPACED})\\S)+`, 'gu');

/** The words of a text whose times are not known apart: each takes a part of the segment, by its length. */
export function wordsOfSegment(text: string, start: number | undefined, end: number | undefined): Part {
  const texts = text.match(WORDS) ?? [];
  if (start === undefined || end === undefined) {
    const words = texts.map((word) => ({ text: word }));
    // A single time is that of the first word.
    return {
      words: words.map((word, i) => (i === 0 && start !== undefined ? { ...word, start } : word)),
      estimated: true,
    };
  }
  const total = texts.reduce((sum, word) => sum + word.length, 0);
  const seconds = Math.max(0, end - start);
  let letters = 0;
  const words = texts.map((word): RecognizedWord => {
    const from = start + (seconds * letters) / total;
    letters += word.length;
    return { text: word, start: from, end: start + (seconds * letters) / total };
  });
  // A segment of one word has its times.
  return { words, estimated: texts.length > 1 };
}
