import { Annotation } from '../annotation/annotation.ts';
import { onGrid } from '../annotation/time.ts';
import { checkLength, checkSegment, overlapSeconds, type Segment, type Turn } from '../contract/segment.ts';

/** A word of any recogniser, with whatever other fields it has. Some recognisers give no times for numerals. */
export interface TimedWord {
  /** Seconds. */
  readonly start?: number | null | undefined;
  /** Seconds; before the start it counts as the start. */
  readonly end?: number | null | undefined;
}

/** A word and who said it. */
export type AssignedWord<W extends TimedWord = TimedWord> = W & {
  readonly speaker: string;
  /** How much of the word lies within this speaker's turns, in [0, 1]; 0 where the nearest turn had to do. */
  readonly coverage: number;
};

export interface AssignWordsOptions {
  /** Words farther than this from every turn get `unknown`. Seconds; default: no bound. */
  readonly maxDistance?: number;
  /** The label where no turn will do: none near enough, or none at all. Default `UNKNOWN`. */
  readonly unknown?: string;
}

/**
 * Who said what: each word gets a speaker, never `undefined`.
 *
 * 1. The speaker whose turns share most time with the word. A tie goes to the turn that began earlier, then to the
 *    longer one: who has the floor keeps it. A word of no length belongs to the turns that hold its instant.
 * 2. In a gap between turns, the speaker of the nearest turn; a tie goes to the one before.
 * 3. A word without times goes with the timed word before it, or, at the beginning, with the one after.
 *
 * O(n log n) for n words and turns, and the pairs that overlap.
 *
 * @param words In any order; the result is in the same.
 * @param turns An `Annotation`, a `Diarization` or its turns; overlap is fine (`exclusive()` is not needed).
 * @throws VoiceFlowError `invalid-option` for words or turns with bad times.
 */
export function assignWords<W extends TimedWord>(
  words: readonly W[],
  turns: Iterable<Turn> | { readonly turns: Iterable<Turn> },
  options: AssignWordsOptions = {},
): AssignedWord<W>[] {
  const { maxDistance = Number.POSITIVE_INFINITY, unknown = 'UNKNOWN' } = options;
  checkLength(maxDistance, 'maxDistance');
  const finder = new TurnFinder(new Annotation('turns' in turns ? turns.turns : turns).support().turns);
  const found: (Found | undefined)[] = words.map(() => undefined);
  const timed = words.flatMap((word, index) => {
    const segment = segmentOf(word, index);
    return segment === undefined ? [] : [{ segment, index }];
  });
  for (const { segment, index } of timed.sort((a, b) => a.segment.start - b.segment.start)) {
    const best = finder.find(segment);
    const near = best !== undefined && best.distance <= maxDistance;
    found[index] = near ? best : { speaker: unknown, coverage: 0, distance: 0 };
  }
  let last = found.find((item) => item !== undefined)?.speaker ?? unknown;
  return words.map((word, index) => {
    const { speaker, coverage } = found[index] ?? { speaker: last, coverage: 0 };
    last = speaker;
    return { ...word, speaker, coverage };
  });
}

function segmentOf({ start, end }: TimedWord, index: number): Segment | undefined {
  if ((start ?? end ?? undefined) === undefined) return undefined;
  // One time alone is an instant; so is a word whose end lies before its start, as recognisers give now and then.
  const from = start ?? end ?? 0;
  const to = end ?? from;
  const segment = { start: from, end: Math.max(from, to) };
  checkSegment(segment, `words[${index}]`);
  return { start: onGrid(segment.start), end: onGrid(segment.end) };
}

interface Found {
  readonly speaker: string;
  readonly coverage: number;
  /** Seconds to the turn; 0 where they overlap. */
  readonly distance: number;
}

/** Walks along the turns: `find` must be asked in order of start. Its work is the turns that overlap the word. */
class TurnFinder {
  /** In order of start, those of one speaker apart from each other. */
  readonly #turns: readonly Turn[];
  /** Begun by the start of the word at hand, not ended by then. In order of start. */
  #open: Turn[] = [];
  /** The first turn that begins later. */
  #next = 0;
  /** Of the turns that ended before the word at hand, the one that ended last. */
  #before: Turn | undefined;

  constructor(turns: readonly Turn[]) {
    this.#turns = turns;
  }

  find(word: Segment): Found | undefined {
    while ((this.#turns[this.#next]?.start ?? Number.POSITIVE_INFINITY) <= word.start) {
      this.#open.push(this.#turns[this.#next++] as Turn);
    }
    this.#open = this.#open.filter((turn) => {
      if (turn.end > word.start) return true;
      if (this.#before === undefined || turn.end > this.#before.end) this.#before = turn;
      return false;
    });
    let after = this.#next;
    while ((this.#turns[after]?.start ?? Number.POSITIVE_INFINITY) < word.end) after++;
    const overlapping = [...this.#open, ...this.#turns.slice(this.#next, after)];
    return largestShare(word, overlapping) ?? nearest(word, this.#before, this.#turns[after]);
  }
}

interface Share {
  /** The speaker's first turn in the word. */
  readonly turn: Turn;
  seconds: number;
}

function largestShare(word: Segment, overlapping: readonly Turn[]): Found | undefined {
  const length = word.end - word.start;
  const shares = new Map<string, Share>();
  for (const turn of overlapping) {
    // A word of no length is all in the turn.
    const seconds = length > 0 ? overlapSeconds(turn, word) : 1;
    const share = shares.get(turn.speaker);
    if (share === undefined) shares.set(turn.speaker, { turn, seconds });
    else share.seconds += seconds;
  }
  let best: Share | undefined;
  for (const share of shares.values()) if (best === undefined || isBetter(share, best)) best = share;
  return best && { speaker: best.turn.speaker, coverage: Math.min(1, best.seconds / (length || 1)), distance: 0 };
}

function nearest(word: Segment, before: Turn | undefined, after: Turn | undefined): Found | undefined {
  const toBefore = before === undefined ? Number.POSITIVE_INFINITY : word.start - before.end;
  const toAfter = after === undefined ? Number.POSITIVE_INFINITY : after.start - word.end;
  // Distances within a microsecond are a tie.
  const turn = onGrid(toBefore - toAfter) <= 0 || after === undefined ? before : after;
  return turn && { speaker: turn.speaker, coverage: 0, distance: Math.min(toBefore, toAfter) };
}

function isBetter(a: Share, b: Share): boolean {
  const longer = onGrid(a.seconds - b.seconds);
  if (longer !== 0) return longer > 0;
  if (a.turn.start !== b.turn.start) return a.turn.start < b.turn.start;
  return a.turn.end - a.turn.start > b.turn.end - b.turn.start;
}

/** What one speaker says without another in between. A `Cue`: `toSrt` and `toVtt` take it. */
export interface Utterance<W extends TimedWord = TimedWord> extends Segment {
  readonly speaker: string;
  readonly text: string;
  readonly words: readonly AssignedWord<W>[];
}

export interface GroupWordsOptions<W extends TimedWord> {
  /** A longer pause begins a new utterance. Seconds, default 2. */
  readonly maxPause?: number;
  /** A word that would make an utterance longer than this begins a new one. Seconds, default: no bound. */
  readonly maxSeconds?: number;
  /** The text of a word. Default: its `text`, else its `word`. */
  readonly text?: (word: W) => string;
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

/** Letters of languages that are written without blanks between words. */
const UNSPACED =
  '[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}]';
const ENDS_UNSPACED = new RegExp(`(?:${UNSPACED}|[、。，！？：；」』）])$`, 'u');
const BEGINS_UNSPACED = new RegExp(`^${UNSPACED}`, 'u');
const CLOSES = /^[,.!?;:…%)\]}»”、。，！？：；」』）]/u;

/** Whether a word follows without a blank: in such a language, or as punctuation. */
function joins(line: string, word: string): boolean {
  return line === '' || CLOSES.test(word) || (ENDS_UNSPACED.test(line.slice(-2)) && BEGINS_UNSPACED.test(word));
}

function defaultText(word: TimedWord): string {
  const { text, word: spelled } = word as { text?: unknown; word?: unknown };
  return String(text ?? spelled ?? '');
}
