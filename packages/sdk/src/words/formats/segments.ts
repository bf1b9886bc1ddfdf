import { UNSPACED } from '../text.ts';
import type { Part, RecognizedWord } from './transcript.ts';

/**
 * One character of a script without spaces, with its marks and punctuation; or characters up to the next such or a
 * space.
 */
const WORDS = new RegExp(`${UNSPACED}\\p{M}*[^\\s\\p{L}\\p{N}]*|(?:(?!${UNSPACED})\\S)+`, 'gu');

/** Splits a segment without word times into words: each gets a part of the segment's time by its length. */
export function wordsOfSegment(text: string, start: number | undefined, end: number | undefined): Part {
  const texts = text.match(WORDS) ?? [];
  if (start === undefined || end === undefined) {
    // A start without an end is that of the first word.
    const words = texts.map((word, i) => (i === 0 && start !== undefined ? { text: word, start } : { text: word }));
    return { words, estimated: true };
  }
  const total = texts.reduce((sum, word) => sum + word.length, 0);
  const seconds = Math.max(0, end - start);
  let letters = 0;
  const words = texts.map((word): RecognizedWord => {
    const from = start + (seconds * letters) / total;
    letters += word.length;
    return { text: word, start: from, end: start + (seconds * letters) / total };
  });
  // A segment of one word has exact times.
  return { words, estimated: texts.length > 1 };
}
