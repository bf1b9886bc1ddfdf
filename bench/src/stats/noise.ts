import { summarize } from './summary.ts';

/** How steady the machine was during the measurement. */
export interface NoiseReport {
  /** Median time of the calibration loop in milliseconds. */
  readonly p50: number;
  /** (P90 − P50) / P50. */
  readonly spread: number;
  readonly noisy: boolean;
  /** The verdict as a sentence. */
  readonly verdict: string;
}

/** An idle machine repeats the loop within 5 %. Above this limit, medians may not agree within 10 %. */
const NOISY_SPREAD = 0.1;
const LOOP_STEPS = 2_000_000;

/** A fixed amount of integer arithmetic, whose time depends only on the available CPU time. */
export function calibrationLoop(steps = LOOP_STEPS): number {
  let state = 1;
  for (let i = 0; i < steps; i++) state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return state;
}

/** Milliseconds of each of `rounds` calibration loops. */
export function calibrate(rounds = 40, now: () => number = () => performance.now(), loop = calibrationLoop): number[] {
  loop();
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = now();
    loop();
    samples.push(now() - start);
  }
  return samples;
}

export function judgeNoise(samples: readonly number[]): NoiseReport {
  const summary = summarize(samples);
  if (summary === undefined) return { p50: 0, spread: 0, noisy: true, verdict: 'noise was not measured' };
  const spread = (summary.p90 - summary.p50) / summary.p50;
  const noisy = spread > NOISY_SPREAD;
  const percent = `${(100 * spread).toFixed(1)} %`;
  const verdict = noisy
    ? `NOISY: the calibration loop spread by ${percent} (P90 against P50), over the ${100 * NOISY_SPREAD} % of a quiet machine; compare ratios, not times`
    : `quiet: the calibration loop spread by ${percent} (P90 against P50)`;
  return { p50: summary.p50, spread, noisy, verdict };
}
