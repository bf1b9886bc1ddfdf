import type { NoScoreZone } from '../annotation/rttm.ts';
import type { Segment } from '../contract/segment.ts';
import { assignment } from '../stages/hungarian.ts';
import { type ExclusionOptions, evaluatedRegions, scoredRegions } from './exclusion.ts';
import { type Pair, sweep } from './sweep.ts';

/** Speaker times in microseconds. */
export interface ErrorTimes {
  readonly scored: number;
  readonly miss: number;
  readonly falseAlarm: number;
  readonly confusion: number;
}

/**
 * Computes the times for the diarization error rate of one recording, like NIST md-eval 22:
 * 1. A speaker counts once, even if several of their turns overlap.
 * 2. Speakers are mapped one to one so that mapped pairs share the most time, over `regions` before collars and overlap
 *    are removed. Ties go to the first labels.
 * 3. At each moment of the scored regions, with r reference and h hypothesis speakers active, m of them mapped pairs:
 *    scored r, miss max(r − h, 0), false alarm max(h − r, 0), confusion min(r, h) − m.
 *
 * @param regions Evaluated regions, in microseconds.
 * @returns The times, and for each reference speaker the mapped hypothesis speaker, or −1.
 */
export function errorTimes(
  pair: Pair,
  regions: readonly Segment[],
  zones: readonly NoScoreZone[],
  options: ExclusionOptions,
): { times: ErrorTimes; mapping: Int32Array } {
  const turns = pair.reference.segments;
  const evaluated = evaluatedRegions(regions, turns, zones);
  const mapping = mapSpeakers(pair, evaluated);
  const times = { scored: 0, miss: 0, falseAlarm: 0, confusion: 0 };
  sweep(pair, scoredRegions(evaluated, turns, zones, options), (ticks, refs, hyps) => {
    let mapped = 0;
    for (let i = 0; i < refs.size; i++) if (hyps.has(mapping[refs.list[i]!]!)) mapped++;
    times.scored += ticks * refs.size;
    times.miss += ticks * Math.max(refs.size - hyps.size, 0);
    times.falseAlarm += ticks * Math.max(hyps.size - refs.size, 0);
    times.confusion += ticks * (Math.min(refs.size, hyps.size) - mapped);
  });
  return { times, mapping };
}

/** Shared time of each pair of speakers and total time of each speaker within `regions`, in microseconds. */
export function sharedTimes(pair: Pair, regions: readonly Segment[]) {
  const rows = pair.reference.labels.length;
  const columns = pair.hypothesis.labels.length;
  /** `[reference speakers, hypothesis speakers]` */
  const shared = new Float64Array(rows * columns);
  const referenceTotals = new Float64Array(rows);
  const hypothesisTotals = new Float64Array(columns);
  sweep(pair, regions, (ticks, refs, hyps) => {
    for (let j = 0; j < hyps.size; j++) hypothesisTotals[hyps.list[j]!]! += ticks;
    for (let i = 0; i < refs.size; i++) {
      const row = refs.list[i]!;
      referenceTotals[row]! += ticks;
      for (let j = 0; j < hyps.size; j++) shared[row * columns + hyps.list[j]!]! += ticks;
    }
  });
  return { shared, referenceTotals, hypothesisTotals };
}

function mapSpeakers(pair: Pair, regions: readonly Segment[]): Int32Array {
  const columns = pair.hypothesis.labels.length;
  const { shared } = sharedTimes(pair, regions);
  const mapping = assignment(shared, pair.reference.labels.length, columns, { maximize: true });
  // Pairs that share no time are not mapped.
  return mapping.map((column, row) => (column >= 0 && shared[row * columns + column]! > 0 ? column : -1));
}
