import { compareSegments, type Segment } from '../contract/segment.ts';

/**
 * Set operations for `Timeline` and the scores: pure functions of segments in any unit.
 * "Disjoint" means sorted, not empty, and neither overlapping nor touching, as returned by `unite`.
 */

/** The intervals covered by at least one segment, disjoint. Gaps of at most `maxGap` are filled. */
export function unite(segments: readonly Segment[], maxGap = 0): Segment[] {
  const sorted = segments.filter((segment) => segment.end > segment.start).sort(compareSegments);
  const result: { start: number; end: number }[] = [];
  let last: { start: number; end: number } | undefined;
  for (const { start, end } of sorted) {
    if (last !== undefined && start - last.end <= maxGap) {
      if (end > last.end) last.end = end;
    } else {
      last = { start, end };
      result.push(last);
    }
  }
  return result;
}

/** Intersection. Inputs and result are disjoint. */
export function intersect(a: readonly Segment[], b: readonly Segment[]): Segment[] {
  const result: Segment[] = [];
  let i = 0;
  let j = 0;
  for (let x = a[0], y = b[0]; x !== undefined && y !== undefined; x = a[i], y = b[j]) {
    const start = Math.max(x.start, y.start);
    const end = Math.min(x.end, y.end);
    if (start < end) result.push({ start, end });
    if (x.end <= y.end) i++;
    else j++;
  }
  return result;
}

/** Difference: parts of `a` that are not in `b`. Inputs and result are disjoint. */
export function subtract(a: readonly Segment[], b: readonly Segment[]): Segment[] {
  const result: Segment[] = [];
  let j = 0;
  for (const { start, end } of a) {
    let from = start;
    while ((b[j]?.end ?? Number.POSITIVE_INFINITY) <= from) j++;
    for (let k = j, hole = b[k]; hole !== undefined && hole.start < end; hole = b[++k]) {
      if (hole.start > from) result.push({ start: from, end: hole.start });
      from = Math.max(from, hole.end);
    }
    if (from < end) result.push({ start: from, end });
  }
  return result;
}

/** The intervals covered by at least `depth` segments, disjoint. */
export function covered(segments: readonly Segment[], depth: number): Segment[] {
  const kept = segments.filter((segment) => segment.end > segment.start);
  const starts = Float64Array.from(kept, (segment) => segment.start).sort();
  const ends = Float64Array.from(kept, (segment) => segment.end).sort();
  const result: Segment[] = [];
  let open = 0;
  let from = 0;
  for (let i = 0, j = 0; j < ends.length; ) {
    const start = i < starts.length ? starts[i]! : Number.POSITIVE_INFINITY;
    const end = ends[j]!;
    // At equal times starts come first, so that touching segments leave no gap.
    if (start <= end) {
      i++;
      if (++open === depth) from = start;
    } else {
      j++;
      if (open-- === depth && end > from) result.push({ start: from, end });
    }
  }
  return result;
}
