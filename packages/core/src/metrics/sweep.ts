import type { Segment, Turn } from '../annotation/segment.ts';
import { toTicks } from '../annotation/time.ts';
import { VoiceFlowError } from '../errors.ts';

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
export class ActiveSpeakers {
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
    const before = this.#open[speaker] as number;
    this.#open[speaker] = before + 1;
    if (before > 0) return;
    this.#place[speaker] = this.size;
    this.list[this.size++] = speaker;
  }

  close(speaker: number): void {
    const after = (this.#open[speaker] as number) - 1;
    this.#open[speaker] = after;
    if (after > 0) return;
    const place = this.#place[speaker] as number;
    const moved = this.list[--this.size] as number;
    this.list[place] = moved;
    this.#place[moved] = place;
  }
}

/**
 * Walks through `regions` (disjoint, microseconds) and calls `visit` for each stretch in which nobody starts or stops,
 * with its length and who is active on either side. O(n log n) for n turns.
 */
export function sweep(
  reference: Track,
  hypothesis: Track,
  regions: readonly Segment[],
  visit: (ticks: number, reference: ActiveSpeakers, hypothesis: ActiveSpeakers) => void,
): void {
  const sides = [reference, hypothesis].map((track) => new ActiveSpeakers(track.labels.length));
  const [first, second] = sides as [ActiveSpeakers, ActiveSpeakers];
  const events = eventsOf(reference, hypothesis);
  let next = 0;
  const apply = (): void => {
    const event = events.order[next++] as number;
    const side = event < events.border ? first : second;
    const speaker = events.speakers[event] as number;
    if (event % 2 === 0) side.open(speaker);
    else side.close(speaker);
  };
  const upcoming = (): number =>
    next < events.order.length ? (events.times[events.order[next] as number] as number) : Infinity;

  for (const { start, end } of regions) {
    while (upcoming() <= start) apply();
    let from = start;
    for (let time = upcoming(); time < end; time = upcoming()) {
      if (time > from) visit(time - from, first, second);
      from = time;
      apply();
    }
    if (end > from) visit(end - from, first, second);
  }
}

/** Starts stand at even places, ends at odd ones; the reference's before `border`. */
function eventsOf(reference: Track, hypothesis: Track) {
  const count = 2 * (reference.segments.length + hypothesis.segments.length);
  const times = new Float64Array(count);
  const speakers = new Int32Array(count);
  let at = 0;
  for (const track of [reference, hypothesis]) {
    for (const [index, { start, end }] of track.segments.entries()) {
      times[at] = start;
      times[at + 1] = end;
      speakers.fill(track.speakers[index] as number, at, at + 2);
      at += 2;
    }
  }
  // Equal times keep this order, so that a turn of no length opens before it closes.
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => (times[a] as number) - (times[b] as number) || a - b,
  );
  return { times, speakers, order, border: 2 * reference.segments.length };
}
