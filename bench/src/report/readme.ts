import { figures, ms, percent } from '../format.ts';
import { middle } from './figures.ts';
import { table } from './markdown.ts';
import type { Report } from './types.ts';

const START = '<!-- bench:start -->';
const END = '<!-- bench:end -->';

/** The figures in the README, all from one report. */
export function readmeBlock(report: Report): string {
  const { serving, isolated, machine } = report;
  const alone = middle(isolated?.map(({ latency }) => latency.p50));
  const rows: string[][] = [];
  const add = (what: string, value: string | undefined) => value !== undefined && rows.push([what, value]);
  add(
    'one second of audio through fast-cnn, native, one thread',
    alone === undefined ? undefined : `${ms(alone)} (P50)`,
  );
  for (const { runtime, ratios } of report.backends?.runtimes ?? []) {
    const wasm = ratios.find((ratio) => ratio.name.startsWith('WASM against native, one'));
    add(`WASM against native on ${runtime}`, wasm && `${figures(wasm.median)}×`);
  }
  for (const { pipeline, backend, recording, rtf, peakRss } of report.speed ?? []) {
    add(`${pipeline}, ${backend}: ${recording}`, `real-time factor ${figures(rtf)}, ${figures(peakRss)} MB`);
  }
  for (const { pipeline, set, der } of report.accuracy ?? []) add(`DER of ${pipeline}, ${set}`, `${der.toFixed(1)} %`);
  if (serving !== undefined) {
    const { closed, endToEnd } = serving;
    add(
      'server, 20 clients',
      `${figures(closed.throughput)} req/s, P99 ${ms(closed.latency?.p99)}, success ${percent(closed.successRate)}`,
    );
    const { rtt } = endToEnd.network;
    add(`end to end, simulated network of RTT ${rtt[0]}–${rtt[1]} ms`, `P99 ${ms(endToEnd.load.latency?.p99)}`);
  }
  const noise = report.noise.noisy ? ' The machine was noisy during this run.' : '';
  return [
    table(['', 'measured'], rows),
    '',
    `${machine.cores} × ${machine.cpu}, ${machine.runtime}, by \`npm run bench\` (commit ${machine.commit}); [the whole report](bench/results/latest.md).${noise}`,
  ].join('\n');
}

/** The README with the block between its markers replaced; undefined without markers. */
export function withReadmeBlock(readme: string, block: string): string | undefined {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END, start);
  if (start < 0 || end < 0) return undefined;
  return `${readme.slice(0, start + START.length)}\n${block}\n${readme.slice(end)}`;
}
