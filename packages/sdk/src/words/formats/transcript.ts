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

/** A word of a recogniser. */
export interface RecognizedWord extends TimedWord {
  /** As the recogniser gives it: Whisper's words begin with the blank that parts them from the one before. */
  readonly text: string;
  /** Seconds; absent where the recogniser gave none. */
  readonly start?: number | undefined;
  /** Seconds. */
  readonly end?: number | undefined;
  /** Of the audio, where the recogniser kept channels apart. */
  readonly channel?: number | undefined;
}

/** What the file of a recogniser says. */
export interface Transcript {
  readonly format: TranscriptFormat;
  /** In the order of the file. */
  readonly words: readonly RecognizedWord[];
  /**
   * Where the times come from: `words`; or `segments`, some or all of whose words have no times of their own: theirs are
   * parts of their segment's, by length of text, and may be off by seconds.
   */
  readonly timing: 'words' | 'segments';
  /** As the recogniser names it, such as `en`. */
  readonly language?: string | undefined;
}

/** The words of a part of a file, and whether their times are estimated. */
export interface Part {
  readonly words: readonly RecognizedWord[];
  readonly estimated: boolean;
}

export function transcript(format: TranscriptFormat, parts: readonly Part[], language?: unknown): Transcript {
  const words = parts.flatMap((part) => part.words);
  const timing = parts.some(({ estimated, words: own }) => estimated && own.length > 0) ? 'segments' : 'words';
  return { format, words, timing, language: typeof language === 'string' && language !== '' ? language : undefined };
}
