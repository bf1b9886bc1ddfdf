import { checkLength, checkTurn, compareTurns, type Segment, type Turn } from '../contract/segment.ts';
import { exclusiveTurns, mergeTurns } from './exclusive.ts';
import { covered } from './intervals.ts';
import { HALF_TICK, onGrid } from './time.ts';
import { cropEach, supportOf, Timeline } from './timeline.ts';

/**
 * An immutable, ordered set of turns of several speakers, which may overlap.
 *
 *     const annotation = new Annotation(result.turns)
 *     annotation.labels                        // ['SPEAKER_00', 'SPEAKER_01'], in order of first appearance
 *     annotation.seconds().get('SPEAKER_00')   // 12.5
 *     annotation.rename({ SPEAKER_00: 'Ada' }).crop({ start: 0, end: 60 }).support(0.5)
 *
 * Times are rounded to microseconds; empty turns are dropped.
 */
export class Annotation implements Iterable<Turn> {
  /** Sorted by start, then by end, then by label. */
  readonly turns: readonly Turn[];
  /** Id of the recording: the file id of RTTM and UEM. */
  readonly uri: string;
  #labels: readonly string[] | undefined;

  /** @throws VoiceFlowError `invalid-option` for a turn without a label, or with times or a confidence out of range. */
  constructor(turns: Iterable<Turn> = [], uri = 'audio') {
    const kept: Turn[] = [];
    let index = 0;
    for (const turn of turns) {
      checkTurn(turn, `turns[${index++}]`);
      const start = onGrid(turn.start);
      const end = onGrid(turn.end);
      if (end > start) kept.push(Object.freeze({ ...turn, start, end }));
    }
    this.turns = Object.freeze(kept.sort(compareTurns));
    this.uri = uri;
  }

  [Symbol.iterator](): Iterator<Turn> {
    return this.turns[Symbol.iterator]();
  }

  get length(): number {
    return this.turns.length;
  }

  /** Speaker labels, in order of first appearance. */
  get labels(): readonly string[] {
    this.#labels ??= Object.freeze([...new Set(this.turns.map((turn) => turn.speaker))]);
    return this.#labels;
  }

  /** From the first start to the last end. */
  get extent(): Segment | undefined {
    return new Timeline(this.turns).extent;
  }

  /** The segments of one speaker, or of all. */
  timeline(speaker?: string): Timeline {
    return new Timeline(speaker === undefined ? this.turns : this.turns.filter((turn) => turn.speaker === speaker));
  }

  /**
   * Speaking time of each speaker in seconds, in the order of `labels`. Overlap counts once for each of its speakers.
   */
  seconds(): ReadonlyMap<string, number> {
    return new Map([...this.#bySpeaker()].map(([speaker, turns]) => [speaker, new Timeline(turns).duration]));
  }

  /** The intervals in which two or more speakers speak. */
  overlap(): Timeline {
    return new Timeline(covered([...this.support()], 2));
  }

  /** The parts of the turns that are within `to`. */
  crop(to: Segment | Timeline): Annotation {
    return new Annotation(cropEach(this.turns, supportOf(to)), this.uri);
  }

  /**
   * Merges overlapping and touching turns of each speaker, and fills pauses of at most `maxGap` seconds.
   * The confidence of a merged turn is the time-weighted mean, if all its parts have one.
   */
  support(maxGap = 0): Annotation {
    checkLength(maxGap, 'maxGap');
    const merged = [...this.#bySpeaker().values()].flatMap((turns) => mergeTurns(turns, maxGap + HALF_TICK));
    return new Annotation(merged, this.uri);
  }

  /** Renames labels. Two speakers with the same new label become one. */
  rename(names: Readonly<Record<string, string>> | ((label: string) => string)): Annotation {
    const rename =
      typeof names === 'function' ? names : (label: string) => (Object.hasOwn(names, label) ? names[label] : label);
    return new Annotation(
      this.turns.map((turn) => ({ ...turn, speaker: rename(turn.speaker) ?? turn.speaker })),
      this.uri,
    );
  }

  /** Only the turns of these speakers. */
  subset(labels: Iterable<string>): Annotation {
    const kept = new Set(labels);
    return new Annotation(
      this.turns.filter((turn) => kept.has(turn.speaker)),
      this.uri,
    );
  }

  /** Turns without overlap (one speaker at a time); see `exclusiveTurns`. */
  exclusive(): Annotation {
    return new Annotation(exclusiveTurns(this.turns), this.uri);
  }

  #bySpeaker(): Map<string, Turn[]> {
    const groups = new Map<string, Turn[]>(this.labels.map((label) => [label, []]));
    for (const turn of this.turns) groups.get(turn.speaker)?.push(turn);
    return groups;
  }
}
