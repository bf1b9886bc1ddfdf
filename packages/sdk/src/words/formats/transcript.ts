import type { TimedWord } from '../assign-words.ts';

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
