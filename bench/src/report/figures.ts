import { percent } from '../format.ts';
import { median } from '../stats/summary.ts';
import type { Report } from './types.ts';

/** A figure that is compared between runs. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly better: 'less' | 'more';
  readonly value: number | undefined;
}

export function headlineFigures(report: Report): Figure[] {
  const { serving, isolated } = report;
  const node = report.backends?.runtimes.find(({ runtime }) => runtime.startsWith('node'));
  const wasm = node?.ratios.find(({ name }) => name.startsWith('WASM against native, one'));
  const figure =
    (better: Figure['better']) =>
    (name: string, unit: string, value: number | undefined): Figure => ({ name, unit, better, value });
  const [less, more] = [figure('less'), figure('more')];
  return [
    less('model P50, isolated', 'ms', middle(isolated?.map(({ latency }) => latency.p50))),
    less('model P99, isolated', 'ms', middle(isolated?.map(({ latency }) => latency.p99))),
    less('CPU a run of the network', 'ms', middle(isolated?.map(({ cpu }) => cpu))),
    more('runs a second, isolated', '/s', middle(isolated?.map(({ throughput }) => throughput))),
    less('model P99, 20 clients', 'ms', serving?.closed.server.model?.p99),
    less('latency P99, 20 clients', 'ms', serving?.closed.latency?.p99),
    more('throughput, 20 clients', 'req/s', serving?.closed.throughput),
    less('server CPU a request', 'ms', serving?.cpu),
    less('end-to-end P99, simulated network', 'ms', serving?.endToEnd.load.latency?.p99),
    less('WASM against native, one thread', '×', wasm?.median),
    ...(report.speed ?? []).map(({ pipeline, backend, recording, rtf }) =>
      less(`real-time factor, ${pipeline}, ${backend}, ${recording}`, '', rtf),
    ),
    ...(report.accuracy ?? []).map(({ pipeline, set, der }) => less(`DER, ${pipeline}, ${set}`, '%', der)),
  ];
}

/** The median of repeats; undefined without repeats. */
export function middle(values: readonly number[] = []): number | undefined {
  return values.length === 0 ? undefined : median(values);
}

/** The spread of repeats: (largest − smallest) / median. */
export function agreement(values: readonly number[]): number | undefined {
  return values.length < 2 ? undefined : (Math.max(...values) - Math.min(...values)) / median(values);
}

const AGREED = 0.1;

/** Whether repeated runs agree: their medians differ by at most 10 %. */
export function verdictOnAgreement(apart: number): string {
  return `${percent(apart)} apart: ${apart <= AGREED ? 'they agree' : 'they do NOT agree'} (within ${percent(AGREED)})`;
}
