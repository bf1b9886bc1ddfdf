import type { NoScoreZone } from '../annotation/rttm.ts';
import type { Segment } from '../contract/segment.ts';
import { assignment } from '../stages/hungarian.ts';
import { type ExclusionOptions, evaluatedRegions, scoredRegions } from './exclusion.ts';
import { type Pair, sweep } from './sweep.ts';

/** Speaker time in microseconds. */
export interface ErrorTimes {
  readonly scored: number;
  readonly miss: number;
  readonly falseAlarm: number;
  readonly confusion: number;
}

/**
 * The times that make up the diarization error rate of one recording, as NIST md-eval 22 counts them:
 * 1. A speaker is active or not, however many of his turns are open.
 * 2. Speakers are mapped one to one so that mapped pairs share the most time, over `regions` before collars and
 *    overlap are taken out. Ties go to the first labels.
 * 3. At each instant of the scored regions, with r reference and h hypothesis speakers active, m of them mapped pairs:
 *    scored r, miss max(r − h, 0), false alarm max(h − r, 0), confusion min(r, h) − m.
 *
 * @param regions What is evaluated, microseconds.
 * @returns The times, and for each reference speaker the hypothesis speaker mapped to him, or −1.
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

/** Time that each pair shares and each speaker has within `regions`, microseconds. */
export function sharedTimes(pair: Pair, regions: readonly Segment[]) {
  const rows = pair.reference.labels.length;
  const columns = pair.hypothesis.labels.length;
  /** `[reference speakers, hypothesis speakers]` */
  const shared = new Float64Array(rows * columns);
  const referenceTotals = new Float64Array(rows);
  const hypothesisTotals = new Float64Array(columns);
  sweep(pair, regions, (ticks, refs, hyps) => {
    for (let j = 0; j < hyps.size; j++) add(hypothesisTotals, hyps.list[j]!, ticks);
    for (let i = 0; i < refs.size; i++) {
      const row = refs.list[i]!;
      add(referenceTotals, row, ticks);
      for (let j = 0; j < hyps.size; j++) add(shared, row * columns + hyps.list[j]!, ticks);
    }
  });
  return { shared, referenceTotals, hypothesisTotals };
}

function add(values: Float64Array, at: number, amount: number): void {
  values[at]! += amount;
}

function mapSpeakers(pair: Pair, regions: readonly Segment[]): Int32Array {
  const columns = pair.hypothesis.labels.length;
  const { shared } = sharedTimes(pair, regions);
  const mapping = assignment(shared, pair.reference.labels.length, columns, { maximize: true });
  // A pair that shares no time is no pair.
  return mapping.map((column, row) => (column >= 0 && shared[row * columns + column]! > 0 ? column : -1));
}
