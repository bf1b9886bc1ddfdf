import { concurrencyChart, latencyHistogram, percentileCurve } from '../charts/latency.ts';
import { SLA } from '../sla.ts';
import type { Report } from './types.ts';

/** The report's pictures by name; only those for which there are figures. */
export function reportCharts(report: Report): ReadonlyMap<string, string> {
  const charts = new Map<string, string>();
  const { serving } = report;
  if (serving === undefined) return charts;
  const limit = SLA.endToEndP99;
  charts.set('latency', latencyHistogram('Latency of 20 clients, closed loop', serving.closed.histogram, limit));
  const curves = [
    { name: '1 client', buckets: serving.single.histogram },
    { name: '20 clients', buckets: serving.closed.histogram },
    { name: 'simulated network', buckets: serving.endToEnd.load.histogram },
  ];
  charts.set('percentiles', percentileCurve('Latency by percentile', curves, limit));
  const throughput = serving.sweep.map((point) => [point.concurrency, point.throughput] as const);
  charts.set(
    'throughput',
    concurrencyChart('Throughput against concurrency', 'requests a second', [
      { name: 'throughput', points: throughput },
    ]),
  );
  const lines = (['p50', 'p99'] as const).map((name) => ({
    name: name.toUpperCase(),
    points: serving.sweep.map((point) => [point.concurrency, point[name]] as const),
  }));
  charts.set(
    'latency-by-concurrency',
    concurrencyChart('Latency against concurrency', 'milliseconds', lines, { at: limit, text: `${limit} ms` }),
  );
  return charts;
}
