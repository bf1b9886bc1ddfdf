import type { Summary } from './summary.ts';

/** Values below this are counted exactly; above it, one bucket spans at most 1/1024 of its value. */
const EXACT = 2048;
const HALF = EXACT / 2;
/** 2^32 µs are 71 minutes: longer than any request. */
const LARGEST = 2 ** 32 - 1;
const BUCKETS = EXACT + (32 - 11) * HALF;

/** One bucket of a histogram, for charts and files: the largest value it holds, and how many. */
export type Bucket = readonly [upTo: number, count: number];

/**
 * A high-dynamic-range histogram of whole numbers 0–2^32 (here microseconds): logarithmic buckets of
 * linear sub-buckets, relative error at most 0.1 %, constant memory, no samples kept.
 * After Gil Tene's HdrHistogram (hdrhistogram.org), whose layout and corrected recording it follows.
 */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  get count(): number {
    return this.#total;
  }

  /** Counts a value; it is rounded, and held between 0 and 2^32 − 1. */
  record(value: number): void {
    const whole = Math.min(LARGEST, Math.max(0, Math.round(value)));
    const index = indexOf(whole);
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#total++;
    this.#sum += whole;
    this.#min = Math.min(this.#min, whole);
    this.#max = Math.max(this.#max, whole);
  }

  /**
   * Counts a value, and those that a closed loop failed to send while it waited: one each `interval`
   * less than the last. Without it one stall of ten seconds counts as a single slow request.
   */
  recordCorrected(value: number, interval: number): void {
    this.record(value);
    if (!(interval > 0)) return;
    for (let missed = value - interval; missed >= interval; missed -= interval) this.record(missed);
  }

  /** The value that `percent` of all do not exceed: the upper edge of its bucket, never above the maximum. */
  percentile(percent: number): number {
    if (this.#total === 0) throw new RangeError('a percentile of no samples');
    const wanted = Math.max(1, Math.ceil((percent / 100) * this.#total - 1e-9));
    let seen = 0;
    for (let index = 0; index < BUCKETS; index++) {
      seen += this.#counts[index] as number;
      if (seen >= wanted) return Math.min(upperEdge(index), this.#max);
    }
    return this.#max;
  }

  /** Non-empty buckets in ascending order. */
  buckets(): Bucket[] {
    const found: Bucket[] = [];
    for (let index = 0; index < BUCKETS; index++) {
      const count = this.#counts[index] as number;
      if (count > 0) found.push([upperEdge(index), count]);
    }
    return found;
  }

  /** The summary with every value divided by `unit` (1000: microseconds in, milliseconds out). */
  summary(unit = 1): Summary | undefined {
    if (this.#total === 0) return undefined;
    const at = (percent: number) => this.percentile(percent) / unit;
    return {
      count: this.#total,
      min: this.#min / unit,
      mean: this.#sum / this.#total / unit,
      p50: at(50),
      p90: at(90),
      p95: at(95),
      p99: at(99),
      p999: at(99.9),
      max: this.#max / unit,
    };
  }
}

function indexOf(value: number): number {
  if (value < EXACT) return value;
  const shift = 21 - Math.clz32(value);
  return shift * HALF + (value >>> shift);
}

function upperEdge(index: number): number {
  if (index < EXACT) return index;
  const shift = Math.floor(index / HALF) - 1;
  return (index - shift * HALF + 1) * 2 ** shift - 1;
}
