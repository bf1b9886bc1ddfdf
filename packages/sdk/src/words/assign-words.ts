import { Annotation } from '../annotation/annotation.ts';
import { onGrid } from '../annotation/time.ts';
import { firstEndingAfter } from '../annotation/timeline.ts';
import { invalidOption, type VoiceFlowError } from '../contract/errors.ts';
import { checkLength, checkSegment, overlapSeconds, type Segment, type Turn } from '../contract/segment.ts';
import { snapToSentences } from './snap.ts';
import { defaultText, endsSentence } from './text.ts';

/** A word of any speech recognizer; other fields are kept. Some recognizers give no times for numerals. */
export interface TimedWord {
  /** Seconds. */
  readonly start?: number | null | undefined;
  /** Seconds; an end before the start is treated as the start. */
  readonly end?: number | null | undefined;
}

/** A word with its speaker. */
export type AssignedWord<W extends TimedWord = TimedWord> = W & {
  readonly speaker: string;
  /** Share of the word within this speaker's turns, in [0, 1]; 0 if the nearest turn was used. */
  readonly coverage: number;
};

export interface AssignWordsOptions<W extends TimedWord = TimedWord> {
  /** Words farther than this from every turn get the label `unknown`. Seconds; default: no limit. */
  readonly maxDistance?: number | undefined;
  /** Label for words without a turn that is near enough. Default `UNKNOWN`. */
  readonly unknown?: string | undefined;
  /**
   * `sentence`: move a speaker change that is within a second of the end of a sentence to that end, since word times
   * are less accurate than turn times. Default `none`.
   */
  readonly snap?: 'none' | 'sentence' | undefined;
  /** Returns the text of a word, to detect ends of sentences. Default: its `text`, else its `word`. */
  readonly text?: ((word: W) => string) | undefined;
}

/**
 * Assigns a speaker to each word (never `undefined`).
 *
 * 1. A word gets the speaker whose turns share most time with it. A tie goes to the turn that began earlier, then to
 * the longer one. A word of zero length belongs to the turns that contain its time. 2. A word in a gap between turns
 * gets the speaker of the nearest turn; a tie goes to the earlier turn. 3. Words without times get the speaker of the
 * words around them. If those have two speakers, the words are divided at the end of a sentence between them; without
 * one, by the turns in the time between.
 *
 * O(n log n) for n words and turns, plus the number of overlapping pairs.
 *
 * @param words In any order, which the result keeps. `parseWords` of `voiceflow-ml/words` reads the files of
 *   recognizers.
 * @param turns An `Annotation`, a `Diarization` or its turns. They may overlap (`exclusive()` is not needed).
 * @throws VoiceFlowError `invalid-option` for words or turns with invalid times, or an invalid list of words.
 */
export function assignWords<W extends TimedWord>(
  words: readonly W[],
  turns: Iterable<Turn> | { readonly turns: Iterable<Turn> },
  options: AssignWordsOptions<W> = {},
): AssignedWord<W>[] {
  const { maxDistance = Number.POSITIVE_INFINITY, unknown = 'UNKNOWN', snap = 'none', text = defaultText } = options;
  checkLength(maxDistance, 'maxDistance');
  if (snap !== 'none' && snap !== 'sentence') {
    throw invalidOption(`snap is ${JSON.stringify(snap)}, expected 'none' or 'sentence'`);
  }
  if (!Array.isArray(words)) throw invalidWords(`words is of type ${words === null ? 'null' : typeof words}`);
  const annotation = new Annotation('turns' in turns ? turns.turns : turns).support();
  const finder = new TurnFinder(annotation.turns);
  const timed = words.map(segmentOf);
  const times = betweenTimes(timed);
  const found: Found[] = words.map(() => ({ speaker: unknown, coverage: 0, distance: 0 }));
  const order = times.flatMap((segment, index) => (segment ? [{ segment, index }] : []));
  for (const { segment, index } of order.sort((a, b) => a.segment.start - b.segment.start)) {
    const best = finder.find(segment);
    if (best !== undefined && best.distance <= maxDistance) found[index] = best;
  }
  const ends = lazily(() => words.map((word) => endsSentence(text(word))));
  const speakers = found.map(({ speaker }) => speaker);
  nameUntimed(speakers, timed, ends);
  if (snap === 'sentence') snapToSentences(speakers, ends(), times);
  const share = lazily(() => shareFinder(annotation.turns));
  return words.map((word, index) => {
    const speaker = speakers[index]!;
    const segment = timed[index];
    const first = found[index]!;
    const coverage = segment === undefined ? 0 : first.speaker === speaker ? first.coverage : share()(speaker, segment);
    return { ...word, speaker, coverage };
  });
}

function invalidWords(what: string): VoiceFlowError {
  return invalidOption(
    `${what}, expected [{ text, start, end }, …] with times in seconds`,
    'Use parseWords of voiceflow-ml/words to read the file of a recognizer.',
  );
}

function segmentOf(word: TimedWord, index: number): Segment | undefined {
  if (typeof word !== 'object' || word === null) throw invalidWords(`words[${index}] is ${JSON.stringify(word)}`);
  const { start, end } = word;
  if ((start ?? end ?? undefined) === undefined) {
    // Otherwise times under another name would be silently ignored.
    const other = OTHER_TIMES.find((name) => name in word);
    if (other !== undefined) throw invalidWords(`words[${index}] has its times in "${other}"`);
    return undefined;
  }
  // A word with only one time has zero length, and so has a word with an end before its start, which can occur.
  const from = start ?? end ?? 0;
  const to = end ?? from;
  const segment = { start: from, end: Math.max(from, to) };
  checkSegment(segment, `words[${index}]`);
  return { start: onGrid(segment.start), end: onGrid(segment.end) };
}

/** Fields with the times of a word in other recognizers: transformers.js, whisper.cpp, Google, AWS. */
const OTHER_TIMES = ['timestamp', 'timestamps', 'offsets', 'startTime', 'start_time'];

/** Gives words without times equal parts of the time between their neighbors; undefined if no word has times. */
function betweenTimes(timed: readonly (Segment | undefined)[]): (Segment | undefined)[] {
  const times = [...timed];
  for (let from = 0; from < times.length; from++) {
    if (timed[from] !== undefined) continue;
    let to = from;
    while (to < times.length && timed[to] === undefined) to++;
    const after = timed[to];
    const start = timed[from - 1]?.end ?? after?.start;
    if (start === undefined) break;
    const part = Math.max(0, (after?.start ?? start) - start) / (to - from);
    for (let i = from; i < to; i++) times[i] = { start: start + (i - from) * part, end: start + (i - from + 1) * part };
    from = to;
  }
  return times;
}

/** Gives words without times the speaker of a neighbor. @param speakers By estimated times; changed in place. */
function nameUntimed(speakers: string[], timed: readonly (Segment | undefined)[], ends: () => boolean[]): void {
  for (let from = 0; from < speakers.length; from++) {
    if (timed[from] !== undefined) continue;
    let to = from;
    while (to < speakers.length && timed[to] === undefined) to++;
    const [before, after] = [speakers[from - 1] ?? speakers[to], speakers[to] ?? speakers[from - 1]];
    if (before === undefined || after === undefined) return;
    const end = before === after ? to : ends().lastIndexOf(true, to - 1) + 1;
    // Without an end of a sentence, change at the first word that the turns assign to the next speaker.
    const first = speakers.indexOf(after, from);
    const change = end >= from ? end : first < 0 ? to : Math.min(first, to);
    speakers.fill(before, from, change).fill(after, change, to);
    from = to;
  }
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

interface Found {
  readonly speaker: string;
  readonly coverage: number;
  /** Seconds to the turn; 0 where they overlap. */
  readonly distance: number;
}

/** Finds turns for words, in one pass: `find` must be called in order of start. Costs one step per overlapping turn. */
class TurnFinder {
  /** In order of start; turns of one speaker do not overlap or touch. */
  readonly #turns: readonly Turn[];
  /** Turns that contain the start of the current word, in order of start. */
  #open: Turn[] = [];
  /** Index of the first turn that begins later. */
  #next = 0;
  /** The last turn to end before the current word. */
  #before: Turn | undefined;

  constructor(turns: readonly Turn[]) {
    this.#turns = turns;
  }

  find(word: Segment): Found | undefined {
    while ((this.#turns[this.#next]?.start ?? Number.POSITIVE_INFINITY) <= word.start) {
      this.#open.push(this.#turns[this.#next++]!);
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
  /** The speaker's first turn that overlaps the word. */
  readonly turn: Turn;
  seconds: number;
}

function largestShare(word: Segment, overlapping: readonly Turn[]): Found | undefined {
  const length = word.end - word.start;
  const shares = new Map<string, Share>();
  for (const turn of overlapping) {
    // A word of zero length is entirely in the turn.
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

/**
 * Computes the share of a word within a speaker's turns, in [0, 1].
 * @param turns Those of one speaker do not overlap.
 */
function shareFinder(turns: readonly Turn[]): (speaker: string, word: Segment) => number {
  const own = new Map<string, Turn[]>();
  for (const turn of turns) own.get(turn.speaker)?.push(turn) ?? own.set(turn.speaker, [turn]);
  return (speaker, word) => {
    const list = own.get(speaker) ?? [];
    let seconds = 0;
    for (let i = firstEndingAfter(list, word.start); ; i++) {
      const turn = list[i];
      if (turn === undefined || turn.start > word.end) break;
      seconds += overlapSeconds(turn, word);
    }
    return Math.min(1, seconds / (word.end - word.start || 1));
  };
}
