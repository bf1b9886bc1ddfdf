import { Annotation } from '../annotation/annotation.ts';
import { onGrid } from '../annotation/time.ts';
import { firstEndingAfter } from '../annotation/timeline.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import { checkLength, checkSegment, overlapSeconds, type Segment, type Turn } from '../contract/segment.ts';
import { snapToSentences } from './snap.ts';
import { defaultText, endsSentence } from './text.ts';

/** A word of any recognizer, with whatever other fields it has. Some recognisers give no times for numerals. */
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

export interface AssignWordsOptions<W extends TimedWord = TimedWord> {
  /** Words farther than this from every turn get `unknown`. Seconds; default: no bound. */
  readonly maxDistance?: number | undefined;
  /** The label where no turn will do: none near enough, or none at all. Default `UNKNOWN`. */
  readonly unknown?: string | undefined;
  /**
   * `sentence`: a change of speaker that lies within a second of a sentence's end moves there, since the times of words
   * are off by more than those of turns. Default `none`.
   */
  readonly snap?: 'none' | 'sentence' | undefined;
  /** The text of a word, which tells where sentences end. Default: its `text`, else its `word`. */
  readonly text?: ((word: W) => string) | undefined;
}

/**
 * Who said what: each word gets a speaker, never `undefined`.
 *
 * 1. The speaker whose turns share most time with the word. A tie goes to the turn that began earlier, then to the
 *    longer one: who has the floor keeps it. A word of no length belongs to the turns that hold its instant.
 * 2. In a gap between turns, the speaker of the nearest turn; a tie goes to the one before.
 * 3. Words without times go with the words around them. Where those have two speakers, a sentence that ends between
 *    them parts the words; else the turns in the time between do.
 *
 * O(n log n) for n words and turns, and the pairs that overlap.
 *
 * @param words In any order; the result is in the same. `parseWords` of `voiceflow-ml/words` reads the files of
 *   recognisers.
 * @param turns An `Annotation`, a `Diarization` or its turns; overlap is fine (`exclusive()` is not needed).
 * @throws VoiceFlowError `invalid-option` for words or turns with bad times, or what is no list of words.
 */
export function assignWords<W extends TimedWord>(
  words: readonly W[],
  turns: Iterable<Turn> | { readonly turns: Iterable<Turn> },
  options: AssignWordsOptions<W> = {},
): AssignedWord<W>[] {
  const { maxDistance = Number.POSITIVE_INFINITY, unknown = 'UNKNOWN', snap = 'none', text = defaultText } = options;
  checkLength(maxDistance, 'maxDistance');
  if (snap !== 'none' && snap !== 'sentence') {
    throw new VoiceFlowError('invalid-option', `snap is ${JSON.stringify(snap)}, expected 'none' or 'sentence'`);
  }
  if (!Array.isArray(words)) throw notWords(`the words are ${words === null ? 'null' : typeof words}, not a list`);
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

function notWords(what: string): VoiceFlowError {
  return new VoiceFlowError('invalid-option', `${what}: expected [{ text, start, end }, …] with seconds`, {
    hint: 'Read the file of a recognizer with parseWords of voiceflow-ml/words.',
  });
}

function segmentOf(word: TimedWord, index: number): Segment | undefined {
  if (typeof word !== 'object' || word === null) throw notWords(`words[${index}] is ${JSON.stringify(word)}`);
  const { start, end } = word;
  if ((start ?? end ?? undefined) === undefined) {
    // Times under another name would be lost in silence.
    const other = OTHER_TIMES.find((name) => name in word);
    if (other !== undefined) throw notWords(`words[${index}] has its times in "${other}"`);
    return undefined;
  }
  // One time alone is an instant; so is a word whose end lies before its start, as recognisers give now and then.
  const from = start ?? end ?? 0;
  const to = end ?? from;
  const segment = { start: from, end: Math.max(from, to) };
  checkSegment(segment, `words[${index}]`);
  return { start: onGrid(segment.start), end: onGrid(segment.end) };
}

/** Where other recognisers have the times of a word: transformers.js, whisper.cpp, Google, AWS. */
const OTHER_TIMES = ['timestamp', 'timestamps', 'offsets', 'startTime', 'start_time'];

/** Words without times in equal parts of the time between their neighbours; none where no word has times. */
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

/** Words without times get one of their neighbours' speakers. @param speakers As the times between tell; changed. */
function nameUntimed(speakers: string[], timed: readonly (Segment | undefined)[], ends: () => boolean[]): void {
  for (let from = 0; from < speakers.length; from++) {
    if (timed[from] !== undefined) continue;
    let to = from;
    while (to < speakers.length && timed[to] === undefined) to++;
    const [before, after] = [speakers[from - 1] ?? speakers[to], speakers[to] ?? speakers[from - 1]];
    if (before === undefined || after === undefined) return;
    const end = before === after ? to : ends().lastIndexOf(true, to - 1) + 1;
    // Without a sentence's end, as many as the turns give to who speaks next, from the first that they do.
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

/** How much of a word lies within a speaker's turns, in [0, 1]. @param turns A speaker's own do not overlap. */
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
