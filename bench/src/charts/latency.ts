import type { Bucket } from '../stats/histogram.ts';
import { type Axis, linearAxis, logAxis, renderChart, type Series } from './chart.ts';

const BARS = 40;

/**
 * How often each latency occurred. The slowest 0.5 % may lie beyond the right edge, so that one outlier does not
 * squeeze all else into a single bar; the percentile curve shows them.
 * @param buckets Microseconds up to, count; ascending.
 */
export function latencyHistogram(title: string, buckets: readonly Bucket[], limit?: number): string {
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  const x = linearAxis('milliseconds', percentileOf(buckets, total, 99.5) / 1000);
  const end = x.ticks[x.ticks.length - 1]?.at ?? 1;
  const counts = new Array<number>(BARS).fill(0);
  for (const [upTo, count] of buckets) {
    const bar = Math.min(BARS - 1, Math.floor((upTo / 1000 / end) * BARS));
    if (upTo / 1000 <= end) counts[bar] = (counts[bar] ?? 0) + count;
  }
  return renderChart({
    title,
    x,
    y: linearAxis('requests', Math.max(...counts)),
    bars: counts
      .map((value, bar) => ({ from: (bar * end) / BARS, to: ((bar + 1) * end) / BARS, value }))
      .filter(({ value }) => value > 0),
    ...(limit === undefined ? {} : { limit: { axis: 'x' as const, at: limit, text: `${limit} ms` } }),
  });
}

const CURVE = [0, 10, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.9, 99.95, 99.99];
const SHOWN = [0, 50, 90, 99, 99.9, 99.99];

/** Latency by percentile, the axis stretched towards 100 %: each further nine takes as much room as the last. */
export function percentileCurve(
  title: string,
  series: readonly { readonly name: string; readonly buckets: readonly Bucket[] }[],
  limit?: number,
): string {
  const lines = series.map(({ name, buckets }): Series => {
    const total = buckets.reduce((sum, [, count]) => sum + count, 0);
    // A percentile that fewer than one sample lies beyond is only the maximum under another name.
    const known = CURVE.filter((percent) => (1 - percent / 100) * total >= 1);
    return { name, points: known.map((percent) => [percent, percentileOf(buckets, total, percent) / 1000] as const) };
  });
  const percents = lines.flatMap(({ points }) => points.map(([percent]) => percent));
  const most = Math.max(...lines.flatMap(({ points }) => points.map(([, value]) => value)), limit ?? 0, 0);
  return renderChart({
    title,
    x: ninesAxis(Math.max(...percents, 90)),
    y: linearAxis('milliseconds', most),
    lines,
    ...(limit === undefined ? {} : { limit: { axis: 'y' as const, at: limit, text: `${limit} ms` } }),
  });
}

function ninesAxis(last: number): Axis {
  const stretch = (percent: number) => -Math.log10(1 - Math.min(percent, last) / 100);
  const ticks = SHOWN.filter((percent) => percent <= last).map((at) => ({ at, text: `${at}` }));
  return { label: 'per cent of requests', place: (percent) => stretch(percent) / stretch(last), ticks };
}

function percentileOf(buckets: readonly Bucket[], total: number, percent: number): number {
  const wanted = Math.max(1, Math.ceil((percent / 100) * total - 1e-9));
  let seen = 0;
  for (const [upTo, count] of buckets) {
    seen += count;
    if (seen >= wanted) return upTo;
  }
  return buckets[buckets.length - 1]?.[0] ?? 0;
}

/** What one more client brings: throughput, or latency, against concurrency. */
export function concurrencyChart(
  title: string,
  label: string,
  series: readonly Series[],
  limit?: { readonly at: number; readonly text: string },
): string {
  const points = series.flatMap((one) => one.points);
  return renderChart({
    title,
    x: logAxis(
      'clients at once',
      points.map(([clients]) => clients),
    ),
    y: linearAxis(label, Math.max(...points.map(([, value]) => value), limit?.at ?? 0)),
    lines: series,
    ...(limit === undefined ? {} : { limit: { axis: 'y' as const, ...limit } }),
  });
}
