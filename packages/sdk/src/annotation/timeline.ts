import { checkLength, checkSegment, compareSegments, type Segment } from '../contract/segment.ts';
import { intersect, subtract, unite } from './intervals.ts';
import { HALF_TICK, onGrid } from './time.ts';

/**
 * An immutable, ordered set of segments, which may overlap.
 *
 *     timeline            |------|    |------|     |----|
 *                           |--|   |-----|     |----------|
 *     timeline.support()  |------| |---------| |----------|
 *     timeline.gaps()            |-|         |-|
 *
 * Times are rounded to microseconds; empty segments are dropped.
 */
export class Timeline implements Iterable<Segment> {
  /** Sorted by start, then by end. */
  readonly segments: readonly Segment[];

  /** @throws VoiceFlowError `invalid-option` for a segment with invalid times or an end before its start. */
  constructor(segments: Iterable<Segment> = []) {
    const kept: Segment[] = [];
    let index = 0;
    for (const segment of segments) {
      checkSegment(segment, `segments[${index++}]`);
      const start = onGrid(segment.start);
      const end = onGrid(segment.end);
      if (end > start) kept.push(Object.freeze({ start, end }));
    }
    this.segments = Object.freeze(kept.sort(compareSegments));
  }

  [Symbol.iterator](): Iterator<Segment> {
    return this.segments[Symbol.iterator]();
  }

  get length(): number {
    return this.segments.length;
  }

  /** From the first start to the last end. */
  get extent(): Segment | undefined {
    const first = this.segments[0];
    if (first === undefined) return undefined;
    return { start: first.start, end: this.segments.reduce((end, segment) => Math.max(end, segment.end), first.end) };
  }

  /** Covered time in seconds; overlaps count once. */
  get duration(): number {
    return onGrid(unite(this.segments).reduce((sum, { start, end }) => sum + end - start, 0));
  }

  /** The covered intervals, without overlaps. Gaps of at most `maxGap` seconds are filled. */
  support(maxGap = 0): Timeline {
    checkLength(maxGap, 'maxGap');
    return new Timeline(unite(this.segments, maxGap + HALF_TICK));
  }

  /** The intervals in `within` (default: the extent) that are not covered. */
  gaps(within: Segment | Timeline | undefined = this.extent): Timeline {
    return within === undefined ? new Timeline() : new Timeline(subtract(supportOf(within), unite(this.segments)));
  }

  /** The parts of the segments that are within `to`. */
  crop(to: Segment | Timeline): Timeline {
    return new Timeline(cropEach(this.segments, supportOf(to)));
  }

  /** The parts of the segments that are outside of `what`. */
  extrude(what: Segment | Timeline): Timeline {
    const extent = this.extent;
    if (extent === undefined) return this;
    return this.crop(new Timeline(subtract([extent], supportOf(what))));
  }

  /** The segments of both timelines. */
  union(other: Iterable<Segment>): Timeline {
    return new Timeline([...this.segments, ...other]);
  }

  /** Whether any segment contains the time `time`. */
  covers(time: number): boolean {
    const at = onGrid(time);
    return this.segments.some((segment) => segment.start <= at && at < segment.end);
  }
}

/** Converts `to` to disjoint segments on the microsecond grid. */
export function supportOf(to: Segment | Timeline): Segment[] {
  return unite((to instanceof Timeline ? to : new Timeline([to])).segments);
}

/** The parts of each segment that are within `support` (disjoint), in the order of the segments; keeps other fields. */
export function cropEach<T extends Segment>(segments: readonly T[], support: readonly Segment[]): T[] {
  const result: T[] = [];
  for (const segment of segments) {
    for (let i = firstEndingAfter(support, segment.start); ; i++) {
      const piece = support[i];
      if (piece === undefined || piece.start >= segment.end) break;
      for (const part of intersect([segment], [piece])) result.push({ ...segment, ...part });
    }
  }
  return result;
}

/** Index of the first segment that ends after `time`. */
export function firstEndingAfter(disjoint: readonly Segment[], time: number): number {
  let low = 0;
  let high = disjoint.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((disjoint[middle]?.end ?? Number.POSITIVE_INFINITY) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
