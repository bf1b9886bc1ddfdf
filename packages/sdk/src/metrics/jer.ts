import type { Segment } from '../contract/segment.ts';
import { assignment } from '../stages/hungarian.ts';
import { sharedTimes } from './der.ts';
import type { Pair } from './sweep.ts';

/** What one recording adds to the Jaccard error rate. */
export interface JaccardErrors {
  /** In [0, 1], one for each reference speaker heard in the regions. */
  readonly errors: readonly number[];
  /** How many hypothesis speakers are heard there. */
  readonly hypothesisSpeakers: number;
}

/**
 * The Jaccard errors of one recording's reference speakers, as dscore's `jer()` counts them, without its 10 ms frames:
 * speakers are paired one to one so that the sum of 1 − |both| / |either| is least; a speaker without partner has 1.
 * Collars, overlap and no-score zones play no part.
 *
 * Source: Ryant et al., The Second DIHARD Diarization Challenge, 2019, section 3.2; github.com/nryant/dscore.
 *
 * @param regions What is evaluated, microseconds.
 */
export function jaccardErrors(pair: Pair, regions: readonly Segment[]): JaccardErrors {
  const { shared, referenceTotals, hypothesisTotals } = sharedTimes(pair, regions);
  const rows = heard(referenceTotals);
  const columns = heard(hypothesisTotals);
  const errors = new Float64Array(rows.length * columns.length);
  for (const [i, row] of rows.entries()) {
    for (const [j, column] of columns.entries()) {
      const both = shared[row * hypothesisTotals.length + column]!;
      const either = referenceTotals[row]! + hypothesisTotals[column]! - both;
      errors[i * columns.length + j] = 1 - both / either;
    }
  }
  const pairs = assignment(errors, rows.length, columns.length);
  return {
    errors: Array.from(pairs, (column, row) => (column < 0 ? 1 : errors[row * columns.length + column]!)),
    hypothesisSpeakers: columns.length,
  };
}

/**
 * The rate in percent over one or more recordings: the mean over all their reference speakers. Where no reference
 * speaker is heard: 100 when the hypothesis has somebody, else 0 (as dscore).
 */
export function jaccardErrorRate(recordings: readonly JaccardErrors[]): number {
  const errors = recordings.flatMap((recording) => recording.errors);
  if (errors.length === 0) return recordings.some((recording) => recording.hypothesisSpeakers > 0) ? 100 : 0;
  return (100 * errors.reduce((sum, error) => sum + error, 0)) / errors.length;
}

function heard(totals: Float64Array): number[] {
  return Array.from(totals.keys()).filter((speaker) => totals[speaker]! > 0);
}
