import type { Segment } from '../contract/segment.ts';
import { assignment } from '../stages/hungarian.ts';
import { sharedTimes } from './der.ts';
import type { Pair } from './sweep.ts';

/** The contribution of one recording to the Jaccard error rate. */
export interface JaccardErrors {
  /** Errors in [0, 1], one for each reference speaker who speaks in the regions. */
  readonly errors: readonly number[];
  /** Number of hypothesis speakers who speak in the regions. */
  readonly hypothesisSpeakers: number;
}

/**
 * The Jaccard errors of one recording's reference speakers, like dscore's `jer()` but without its 10 ms frames:
 * speakers are paired one to one so that the sum of 1 − |both| / |either| is smallest; a speaker without a partner has
 * error 1. Collars, overlap and no-score zones have no effect.
 *
 * Source: Ryant et al., The Second DIHARD Diarization Challenge, 2019, section 3.2; github.com/nryant/dscore.
 *
 * @param regions Evaluated regions, in microseconds.
 */
export function jaccardErrors(pair: Pair, regions: readonly Segment[]): JaccardErrors {
  const { shared, referenceTotals, hypothesisTotals } = sharedTimes(pair, regions);
  const rows = activeSpeakers(referenceTotals);
  const columns = activeSpeakers(hypothesisTotals);
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
 * The Jaccard error rate in percent over one or more recordings: the mean over all their reference speakers. Without
 * any reference speaker: 100 if the hypothesis has a speaker, else 0 (like dscore).
 */
export function jaccardErrorRate(recordings: readonly JaccardErrors[]): number {
  const errors = recordings.flatMap((recording) => recording.errors);
  if (errors.length === 0) return recordings.some((recording) => recording.hypothesisSpeakers > 0) ? 100 : 0;
  return (100 * errors.reduce((sum, error) => sum + error, 0)) / errors.length;
}

function activeSpeakers(totals: Float64Array): number[] {
  return Array.from(totals.keys()).filter((speaker) => totals[speaker]! > 0);
}
