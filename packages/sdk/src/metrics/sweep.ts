import { toTicks } from '../annotation/time.ts';
import { invalidOption } from '../contract/errors.ts';
import type { Segment, Turn } from '../contract/segment.ts';

/** Maximum number of speakers in a recording, since mapping has cubic cost. A file with more is invalid. */
const MAX_SPEAKERS = 1000;

/** The turns of one side (reference or hypothesis) in microseconds, in input order. Labels are sorted. */
interface Track {
  readonly labels: readonly string[];
  /** For each turn, its speaker's index in `labels`. */
  readonly speakers: Int32Array;
  readonly segments: readonly Segment[];
}

/** @throws VoiceFlowError `invalid-option` for more than 1,000 speakers. */
export function trackOf(turns: readonly Turn[], name: string): Track {
  const labels = [...new Set(turns.map((turn) => turn.speaker))].sort();
  if (labels.length > MAX_SPEAKERS) {
    throw invalidOption(`${name} has ${labels.length} speakers, expected at most ${MAX_SPEAKERS}`);
  }
  const index = new Map(labels.map((label, i) => [label, i]));
  return {
    labels,
    speakers: Int32Array.from(turns, (turn) => index.get(turn.speaker) ?? -1),
    segments: turns.map(({ start, end }) => ({ start: toTicks(start), end: toTicks(end) })),
  };
}

/** The speakers who are active at a moment; each counts once, even if several of their turns overlap. */
class ActiveSpeakers {
  /** The first `size` entries are the active speakers. */
  readonly list: Int32Array;
  size = 0;
  readonly #open: Int32Array;
  readonly #place: Int32Array;

  constructor(speakers: number) {
    this.list = new Int32Array(speakers);
    this.#open = new Int32Array(speakers);
    this.#place = new Int32Array(speakers);
  }

  has(speaker: number): boolean {
    return (this.#open[speaker] ?? 0) > 0;
  }

  open(speaker: number): void {
    const before = this.#open[speaker]!;
    this.#open[speaker] = before + 1;
    if (before > 0) return;
    this.#place[speaker] = this.size;
    this.list[this.size++] = speaker;
  }

  close(speaker: number): void {
    const after = this.#open[speaker]! - 1;
    this.#open[speaker] = after;
    if (after > 0) return;
    const place = this.#place[speaker]!;
    const moved = this.list[--this.size]!;
    this.list[place] = moved;
    this.#place[moved] = place;
  }
}

/** Both sides of one recording, with all starts and ends in time order. */
export interface Pair {
  readonly reference: Track;
  readonly hypothesis: Track;
  /** Microseconds, ascending. */
  readonly times: Float64Array;
  /** The speaker who starts or stops at each time; hypothesis speakers are numbered after those of the reference. */
  readonly speakers: Int32Array;
  readonly starts: Uint8Array;
}

export function pairOf(reference: Track, hypothesis: Track): Pair {
  const all = [...reference.segments, ...hypothesis.segments];
  const owners = [...reference.speakers, ...Array.from(hypothesis.speakers, (i) => i + reference.labels.length)];
  // All starts, then all ends: turns are mostly in order, and sorting is fast for runs that are already sorted.
  const times = [...all.map((segment) => segment.start), ...all.map((segment) => segment.end)];
  // At equal times starts come first, so that a turn of zero length opens before it closes.
  const order = Array.from(times.keys()).sort((a, b) => times[a]! - times[b]! || a - b);
  return {
    reference,
    hypothesis,
    times: Float64Array.from(order, (event) => times[event]!),
    speakers: Int32Array.from(order, (event) => owners[event % all.length]!),
    starts: Uint8Array.from(order, (event) => (event < all.length ? 1 : 0)),
  };
}

/**
 * Goes through `regions` (in order, not overlapping, microseconds) and calls `visit` for each interval in which nobody
 * starts or stops, with its length and the active speakers of both sides. O(n) for n turns and regions.
 */
export function sweep(
  pair: Pair,
  regions: readonly Segment[],
  visit: (ticks: number, reference: ActiveSpeakers, hypothesis: ActiveSpeakers) => void,
): void {
  const { times, speakers, starts } = pair;
  const border = pair.reference.labels.length;
  const reference = new ActiveSpeakers(border);
  const hypothesis = new ActiveSpeakers(pair.hypothesis.labels.length);
  let next = 0;
  const apply = (): void => {
    const speaker = speakers[next]!;
    const side = speaker < border ? reference : hypothesis;
    const own = speaker < border ? speaker : speaker - border;
    if (starts[next++] === 1) side.open(own);
    else side.close(own);
  };
  const upcoming = (): number => times[next] ?? Number.POSITIVE_INFINITY;

  for (const { start, end } of regions) {
    while (upcoming() <= start) apply();
    let from = start;
    for (let time = upcoming(); time < end; time = upcoming()) {
      if (time > from) visit(time - from, reference, hypothesis);
      from = time;
      apply();
    }
    if (end > from) visit(end - from, reference, hypothesis);
  }
}
