import { percentile } from './summary.ts';

/** How many times slower `a` is than `b`, from paired measurements. */
export interface PairedRatio {
  readonly median: number;
  /** The quartiles: the middle half of the ratios lies between these. */
  readonly lower: number;
  readonly upper: number;
  readonly pairs: number;
}

/**
 * The median of a[i] / b[i]. The two of a pair are measured at nearly the same time, so that other load on the machine
 * slows both and does not change the ratio. Undefined without pairs.
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
