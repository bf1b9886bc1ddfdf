import { toTicks } from '../annotation/time.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { Segment, Turn } from '../contract/segment.ts';

/** The mapping is cubic in the number of speakers of one recording: beyond this a file is broken, not scored. */
const MAX_SPEAKERS = 1000;

/** One side's turns of one recording in microseconds, in the order given; labels sorted. */
export interface Track {
  readonly labels: readonly string[];
  /** For each turn its index in `labels`. */
  readonly speakers: Int32Array;
  readonly segments: readonly Segment[];
}

/** @throws VoiceFlowError `invalid-option` for more than 1,000 speakers. */
export function trackOf(turns: readonly Turn[], name: string): Track {
  const labels = [...new Set(turns.map((turn) => turn.speaker))].sort();
  if (labels.length > MAX_SPEAKERS) {
    throw new VoiceFlowError(
      'invalid-option',
      `${name} has ${labels.length} speakers, expected at most ${MAX_SPEAKERS}`,
    );
  }
  const index = new Map(labels.map((label, i) => [label, i]));
  return {
    labels,
    speakers: Int32Array.from(turns, (turn) => index.get(turn.speaker) ?? -1),
    segments: turns.map(({ start, end }) => ({ start: toTicks(start), end: toTicks(end) })),
  };
}

/** The speakers active at an instant, each once, however many of his turns are open. */
class ActiveSpeakers {
  /** The first `size` are active. */
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

/** Both sides of one recording, with all starts and ends in order of time. */
export interface Pair {
  readonly reference: Track;
  readonly hypothesis: Track;
  /** Microseconds, ascending. */
  readonly times: Float64Array;
  /** The speaker who starts or stops then; the hypothesis's stand after the reference's. */
  readonly speakers: Int32Array;
  readonly starts: Uint8Array;
}

export function pairOf(reference: Track, hypothesis: Track): Pair {
  const all = [...reference.segments, ...hypothesis.segments];
  const owners = [...reference.speakers, ...Array.from(hypothesis.speakers, (i) => i + reference.labels.length)];
  // All starts, then all ends: turns mostly stand in order, and the sort is fast on runs that are in order already.
  const times = [...all.map((segment) => segment.start), ...all.map((segment) => segment.end)];
  // At equal times starts come first, so that a turn of no length opens before it closes.
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
 * Walks through `regions` (in order, not overlapping, microseconds) and calls `visit` for each stretch in which nobody
 * starts or stops, with its length and who is active on either side. O(n) for n turns and regions.
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
