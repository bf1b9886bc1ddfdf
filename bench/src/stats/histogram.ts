import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Summary } from './summary.ts';

/** The longest recorded duration in nanoseconds: ten hours. Longer ones are clamped. */
const LONGEST = 3.6e13;
const NANOSECONDS = 1e6;
/** Percentiles of a chart. Each further nine needs ten times as many samples. */
const CURVE = [10, 25, 50, 75, 90, 95, 99, 99.9] as const;

/** A histogram of durations in milliseconds, with Node's HdrHistogram (three significant digits, constant memory). */
export class DurationHistogram {
  readonly #histogram: RecordableHistogram = createHistogram({ highest: LONGEST, figures: 3 });
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  /** @param duration Milliseconds; clamped to 1 ns to ten hours. */
  record(duration: number): void {
    const held = Math.min(LONGEST, Math.max(1, Math.round(duration * NANOSECONDS)));
    this.#histogram.record(held);
    this.#sum += duration;
    this.#min = Math.min(this.#min, duration);
    this.#max = Math.max(this.#max, duration);
  }

  /** The summary in milliseconds; undefined when nothing was recorded. */
  summary(): Summary | undefined {
    const { count } = this.#histogram;
    if (count === 0) return undefined;
    const at = (percent: number) => this.#percentile(percent);
    return {
      count,
      min: this.#min,
      mean: this.#sum / count,
      p50: at(50),
      p90: at(90),
      p95: at(95),
      p99: at(99),
      p999: at(99.9),
      max: this.#max,
    };
  }

  /** Milliseconds at those percentiles of a chart that have at least one sample beyond them. */
  curve(): [percent: number, milliseconds: number][] {
    const { count } = this.#histogram;
    return CURVE.filter((percent) => (1 - percent / 100) * count >= 1 - 1e-9).map((percent) => [
      percent,
      this.#percentile(percent),
    ]);
  }

  /**
   * Nearest rank, like `percentile` in summary.ts; HdrHistogram itself rounds the rank. Clamped, because a bucket's
   * edge may be outside the recorded range.
   */
  #percentile(percent: number): number {
    const { count } = this.#histogram;
    const rank = Math.max(1, Math.ceil((percent / 100) * count - 1e-9));
    const found = this.#histogram.percentile((100 * rank) / count) / NANOSECONDS;
    return Math.min(this.#max, Math.max(this.#min, found));
  }
}
