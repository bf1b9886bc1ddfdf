import type { TimedWord } from '../assign-words.ts';
import { UNSPACED } from '../text.ts';

export type TranscriptFormat =
  | 'whisper.cpp'
  | 'whisper'
  | 'transformers.js'
  | 'deepgram'
  | 'assemblyai'
  | 'srt'
  | 'vtt'
  | 'words';

/** A word of a speech recognizer. */
export interface RecognizedWord extends TimedWord {
  /** Text as in the file. Whisper's words begin with the space that separates them from the previous word. */
  readonly text: string;
  /** Seconds; absent if the recognizer gave no time. */
  readonly start?: number | undefined;
  /** Seconds. */
  readonly end?: number | undefined;
  /** Audio channel, if the recognizer processed channels separately. */
  readonly channel?: number | undefined;
}

/** The contents of a recognizer's file. */
export interface Transcript {
  readonly format: TranscriptFormat;
  /** Words in file order (words of several channels by time). */
  readonly words: readonly RecognizedWord[];
  /**
   * Source of the times. `words`: the recognizer. `segments`: some or all words had no times of their own; these are
   * estimated from their segment's times by text length, and may be off by seconds.
   */
  readonly timing: 'words' | 'segments';
  /** Language as named by the recognizer, such as `en`. */
  readonly language?: string | undefined;
}

/** Words of a part of a file, and whether their times are estimated. */
export interface Part {
  readonly words: readonly RecognizedWord[];
  readonly estimated: boolean;
}

export function transcript(format: TranscriptFormat, parts: readonly Part[], language?: unknown): Transcript {
  const words = parts.flatMap((part) => part.words);
  const timing = parts.some(({ estimated, words: own }) => estimated && own.length > 0) ? 'segments' : 'words';
  return { format, words, timing, language: typeof language === 'string' && language !== '' ? language : undefined };
}

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
