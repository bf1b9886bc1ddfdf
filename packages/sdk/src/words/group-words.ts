import { checkLength, type Segment } from '../contract/segment.ts';
import type { AssignedWord, TimedWord } from './assign-words.ts';
import { defaultText, joins } from './text.ts';

/** Consecutive words of one speaker. It is a `Cue`, so it can be passed to `toSrt` and `toVtt`. */
export interface Utterance<W extends TimedWord = TimedWord> extends Segment {
  readonly speaker: string;
  readonly text: string;
  readonly words: readonly AssignedWord<W>[];
}

export interface GroupWordsOptions<W extends TimedWord> {
  /** A longer pause starts a new utterance. Seconds, default 2. */
  readonly maxPause?: number | undefined;
  /** Maximum length of an utterance; a word that would exceed it starts a new one. Seconds, default: no limit. */
  readonly maxSeconds?: number | undefined;
  /** Returns the text of a word. Default: its `text`, else its `word`. */
  readonly text?: ((word: W) => string) | undefined;
}

/**
 * Groups words, in their order, into utterances of one speaker without long pauses. Texts are joined with spaces, or
 * unchanged if the recognizer's words include spaces (like Whisper's).
 *
 * @throws VoiceFlowError `invalid-option` for a negative length.
 */
export function groupWords<W extends TimedWord>(
  words: readonly AssignedWord<W>[],
  options: GroupWordsOptions<W> = {},
): Utterance<W>[] {
  const { maxPause = 2, maxSeconds = Number.POSITIVE_INFINITY, text = defaultText } = options;
  checkLength(maxPause, 'maxPause');
  checkLength(maxSeconds, 'maxSeconds');
  const blanks = words.filter((word) => /^\s|\s$/.test(text(word))).length;
  // By majority, because a single word with a space does not mean that the others include theirs.
  const spaced = blanks * 2 > words.length;
  const groups: { start: number | undefined; end: number; speaker: string; words: AssignedWord<W>[] }[] = [];
  for (const word of words) {
    const start = word.start ?? word.end ?? undefined;
    const end = start === undefined ? undefined : Math.max(start, word.end ?? start);
    let group = groups.at(-1);
    const parted =
      group?.start !== undefined &&
      start !== undefined &&
      end !== undefined &&
      (start - group.end > maxPause || end - group.start > maxSeconds);
    if (group === undefined || group.speaker !== word.speaker || parted) {
      group = { start: undefined, end: group?.end ?? 0, speaker: word.speaker, words: [] };
      groups.push(group);
    }
    group.words.push(word);
    if (start === undefined || end === undefined) continue;
    group.end = group.start === undefined ? end : Math.max(group.end, end);
    group.start = Math.min(group.start ?? start, start);
  }
  return groups.map(({ start, end, speaker, words: own }) => {
    const joined = own.map(text).reduce((line, word) => line + (spaced || joins(line, word) ? '' : ' ') + word, '');
    // An utterance without times is placed at the end of the previous one.
    return { start: start ?? end, end, speaker, text: joined.replace(/\s+/g, ' ').trim(), words: own };
  });
}
