import { percentile } from './summary.ts';

/** How many times slower `a` is than `b`, from measurements taken in pairs. */
export interface PairedRatio {
  readonly median: number;
  /** The middle half of the pairs lies between these. */
  readonly lower: number;
  readonly upper: number;
  readonly pairs: number;
}

/**
 * The median of a[i] / b[i]. Each pair is measured side by side in time, so that whatever else the machine
 * did then slows both, and the ratio stays. Undefined without pairs.
 */
export function pairedRatio(a: ArrayLike<number>, b: ArrayLike<number>): PairedRatio | undefined {
  const pairs = Math.min(a.length, b.length);
  if (pairs === 0) return undefined;
  const ratios = Float64Array.from({ length: pairs }, (_, i) => a[i]! / b[i]!).sort();
  return {
    median: percentile(ratios, 50),
    lower: percentile(ratios, 25),
    upper: percentile(ratios, 75),
    pairs,
  };
}
