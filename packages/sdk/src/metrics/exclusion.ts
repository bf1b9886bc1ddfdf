import { covered, subtract, unite } from '../annotation/intervals.ts';
import type { NoScoreZone } from '../annotation/rttm.ts';
import { toTicks } from '../annotation/time.ts';
import type { Segment } from '../contract/segment.ts';

/** md-eval extends the zone of a NON-LEX event to the next speaker boundary, by at most this (`$default_extend`). */
const NON_LEX_EXTENSION = toTicks(0.5);

/** Other zones are extended by md-eval's `$epsilon`, 1e-8 s. */
const EPSILON = 0.01;

export interface ExclusionOptions {
  /** Microseconds excluded on each side of every reference boundary. */
  readonly collar: number;
  readonly skipOverlap: boolean;
}

/** The evaluated parts of a recording: all except the reference's NOSCORE zones. In microseconds, in order. */
export function evaluatedRegions(
  regions: readonly Segment[],
  reference: readonly Segment[],
  zones: readonly NoScoreZone[],
): Segment[] {
  return without(unite(regions), excluded(zones, ['NOSCORE'], reference, EPSILON));
}

/**
 * The parts that are scored after speakers are mapped: without collars (also around turns of zero length and where two
 * turns of one speaker touch), without NON-LEX events and, with `skipOverlap`, without intervals in which two or more
 * *turns* of the reference overlap (also two turns of one speaker). In microseconds, in order.
 */
export function scoredRegions(
  evaluated: readonly Segment[],
  reference: readonly Segment[],
  zones: readonly NoScoreZone[],
  { collar, skipOverlap }: ExclusionOptions,
): Segment[] {
  let scored = evaluated;
  if (collar > 0) {
    const boundaries = reference.flatMap(({ start, end }) => [start, end]);
    scored = subtract(scored, unite(boundaries.map((at) => ({ start: at - collar, end: at + collar }))));
  }
  scored = without(scored, excluded(zones, ['NOSCORE', 'NON-LEX'], reference, EPSILON));
  scored = without(scored, excluded(zones, ['NON-LEX'], reference, NON_LEX_EXTENSION));
  return skipOverlap ? without(scored, covered(reference, 2)) : [...scored];
}

interface Boundary {
  readonly time: number;
  readonly begins: boolean;
  readonly isZone: boolean;
}

/** md-eval's order: by time; at equal times ends come first, and starts are in reverse of the input order. */
function inOrder(pairs: readonly (Segment & { readonly isZone: boolean })[]): Boundary[] {
  const begins = pairs.toReversed().map(({ start, isZone }) => ({ time: start, begins: true, isZone }));
  const ends = pairs.map(({ end, isZone }) => ({ time: end, begins: false, isZone }));
  return [...ends, ...begins].sort((a, b) => a.time - b.time);
}

/**
 * The excluded zones of some lines: each zone is extended by up to `extend` on both sides, but not beyond the nearest
 * speaker boundaries. A zone after the last boundary of the reference never ends. This is the algorithm of md-eval's
 * `add_exclusion_zones_to_uem`.
 */
function excluded(
  zones: readonly NoScoreZone[],
  types: readonly NoScoreZone['type'][],
  reference: readonly Segment[],
  extend: number,
): Segment[] {
  const lines = zones
    .filter((zone) => types.includes(zone.type))
    .map(({ start, end }) => ({ start: toTicks(start), end: toTicks(end), isZone: true }));
  if (lines.length === 0) return [];
  const boundaries = [...reference.map((turn) => ({ ...turn, isZone: false })), ...lines]
    .filter(({ start, end }) => end > start)
    .sort((a, b) => a.start + a.end - (b.start + b.end));

  const result: Segment[] = [];
  let open = 0;
  let lastEnd = 0;
  let lastTurn = 0;
  /** Start of the current zone. */
  let since: number | undefined;
  for (const { time, begins, isZone } of inOrder(boundaries)) {
    if (!isZone) lastTurn = time;
    else if (begins) open++;
    else if (--open === 0) lastEnd = time;

    if (since === undefined) {
      if (isZone && open > 0) since = Math.max(0, lastTurn, time - extend);
    } else if (!isZone && open === 0) {
      result.push({ start: since, end: Math.min(lastEnd + extend, time) });
      since = undefined;
    } else if (isZone && begins && open === 1 && time > lastEnd + 2 * extend) {
      result.push({ start: since, end: lastEnd + extend });
      since = time - extend;
    }
  }
  if (since !== undefined) result.push({ start: since, end: Number.POSITIVE_INFINITY });
  return result;
}

/**
 * Subtracts zones from regions with the algorithm of md-eval, on which published results are based. It differs from set
 * subtraction only if boundaries coincide (a region that begins together with the zone that covers it is kept).
 */
function without(regions: readonly Segment[], zones: readonly Segment[]): Segment[] {
  if (zones.length === 0) return [...regions];
  const boundaries = inOrder([
    ...zones.map((zone) => ({ ...zone, isZone: true })),
    ...regions.map((region) => ({ ...region, isZone: false })),
  ]);
  const result: Segment[] = [];
  let openRegions = 0;
  let openZones = 0;
  let from: number | undefined;
  for (const { time, begins, isZone } of boundaries) {
    if (isZone) openZones += begins ? 1 : -1;
    else openRegions += begins ? 1 : -1;
    if (from !== undefined && (openRegions === 0 || openZones > 0) && time > from) {
      result.push({ start: from, end: time });
      from = undefined;
    } else if (openRegions > 0 && openZones === 0) {
      from = time;
    }
  }
  return result;
}
