import { covered, subtract, unite } from '../annotation/intervals.ts';
import type { NoScoreZone } from '../annotation/rttm.ts';
import { toTicks } from '../annotation/time.ts';
import type { Segment } from '../contract/segment.ts';

/** md-eval widens the zone of a NON-LEX event to the next speaker boundary, by at most this (`$default_extend`). */
const NON_LEX_EXTENSION = toTicks(0.5);

/** Every other zone is widened by md-eval's `$epsilon`, 1e-8 s. */
const EPSILON = 0.01;

export interface ExclusionOptions {
  /** Microseconds each side of every boundary of the reference. */
  readonly collar: number;
  readonly skipOverlap: boolean;
}

/** The parts of a recording that are evaluated: all but the reference's NOSCORE zones. Microseconds, in order. */
export function evaluatedRegions(
  regions: readonly Segment[],
  reference: readonly Segment[],
  zones: readonly NoScoreZone[],
): Segment[] {
  return without(unite(regions), excluded(zones, ['NOSCORE'], reference, EPSILON));
}

/**
 * The parts that are scored once the mapping is made: without collars (also round turns of no length, and where two
 * turns of one speaker touch), without NON-LEX events and, if asked, without stretches where two or more *turns* of
 * the reference are open (two turns of one speaker are two). Microseconds, in order.
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

/** md-eval's order: by time; at one time ends come first, and beginnings in the reverse of the order given. */
function inOrder(pairs: readonly (Segment & { readonly isZone: boolean })[]): Boundary[] {
  const begins = pairs.toReversed().map(({ start, isZone }) => ({ time: start, begins: true, isZone }));
  const ends = pairs.map(({ end, isZone }) => ({ time: end, begins: false, isZone }));
  return [...ends, ...begins].sort((a, b) => a.time - b.time);
}

/**
 * The zones of some lines: from up to `extend` before a line, but not before the last speaker boundary, to up to
 * `extend` after it, but not after the next one. A zone after the last boundary of the reference never ends.
 * The automaton of md-eval's `add_exclusion_zones_to_uem`, without its words.
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
  /** Where the zone at hand began. */
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
 * Regions less zones, by the automaton that md-eval uses for this. It differs from set subtraction only where
 * boundaries coincide (a region that begins together with the zone that covers it is kept), and is what published
 * figures rest on.
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
