import { checkLength, type Segment } from '../contract/segment.ts';
import type { AssignedWord, TimedWord } from './assign-words.ts';
import { defaultText, joins } from './text.ts';

/** What one speaker says without another in between. A `Cue`: `toSrt` and `toVtt` take it. */
export interface Utterance<W extends TimedWord = TimedWord> extends Segment {
  readonly speaker: string;
  readonly text: string;
  readonly words: readonly AssignedWord<W>[];
}

export interface GroupWordsOptions<W extends TimedWord> {
  /** A longer pause begins a new utterance. Seconds, default 2. */
  readonly maxPause?: number | undefined;
  /** A word that would make an utterance longer than this begins a new one. Seconds, default: no bound. */
  readonly maxSeconds?: number | undefined;
  /** The text of a word. Default: its `text`, else its `word`. */
  readonly text?: ((word: W) => string) | undefined;
}

/**
 * Groups words, in their order, into utterances: the speaker stays, the pause is short.
 * Texts are joined with blanks, or as they stand where the recogniser's words bring their own (as Whisper's).
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
  // By the majority: a single word with a blank at its end is no sign that the others bring theirs.
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
    // Words without times stand where the utterance before ended.
    return { start: start ?? end, end, speaker, text: joined.replace(/\s+/g, ' ').trim(), words: own };
  });
}
