import { figures, ms, percent } from '../format.ts';
import type { EndToEndResult } from '../network/end-to-end.ts';
import { middle } from './figures.ts';
import type { Report } from './types.ts';

/** A claim of the first report beside what is measured now. */
export interface ClaimRow {
  readonly claim: string;
  readonly theirs: string;
  readonly ours: string;
  /** How ours was measured. */
  readonly on: string;
}

const ABSENT = 'not measured';

/** Every claim of the report with which the project began; its own setting is measured first: 20 clients, 200 requests. */
export function claimRows(report: Report): ClaimRow[] {
  const { serving, isolated, machine } = report;
  const first = serving?.first;
  const value = (values: readonly (number | undefined)[] | undefined) =>
    middle(values?.filter((each): each is number => each !== undefined));
  const time = (milliseconds: number | undefined) => (milliseconds === undefined ? ABSENT : ms(milliseconds));
  const rate = (perSecond: number | undefined) => (perSecond === undefined ? ABSENT : `${figures(perSecond)} req/s`);
  const here = `${machine.cores} × ${machine.cpu}`;
  const setting = `20 clients, 200 requests, median of ${first?.length ?? 0} runs, ${serving?.workers ?? '–'} workers, generator on the same ${here}`;
  const alone = `${isolated?.[0]?.iterations ?? 0} runs, one thread, median of ${isolated?.length ?? 0}, ${here}`;
  const simulated = (result: EndToEndResult | undefined) => {
    if (result === undefined) return 'simulated network';
    const { rtt } = result.network;
    const clients = result.concurrency === 1 ? 'one client' : `${result.concurrency} clients`;
    return `${result.load.requests} requests, ${clients}, simulated RTT ${rtt[0]}–${rtt[1]} ms`;
  };
  const success = first?.map(({ successRate }) => successRate);
  const largest = [...(report.scaleOut ?? [])].sort((a, b) => b.servers - a.servers)[0];
  return [
    {
      claim: 'model P99 under load',
      theirs: '7.99 ms',
      ours: time(value(first?.map((load) => load.server.model?.p99))),
      on: setting,
    },
    {
      claim: 'model P99 isolated',
      theirs: '4.05 ms',
      ours: time(middle(isolated?.map(({ latency }) => latency.p99))),
      on: alone,
    },
    {
      claim: 'throughput under load',
      theirs: '39 req/s',
      ours: rate(value(first?.map(({ throughput }) => throughput))),
      on: setting,
    },
    {
      claim: 'throughput isolated',
      theirs: '297 req/s',
      ours: rate(middle(isolated?.map(({ throughput }) => throughput))),
      on: alone,
    },
    {
      claim: 'end-to-end P99',
      theirs: '564 ms',
      ours: time(value(first?.map(({ latency }) => latency?.p99))),
      on: setting,
    },
    {
      claim: 'promised: model P99 under 10 ms',
      theirs: '< 10 ms',
      ours: time(serving?.closed.server.model?.p99),
      on: `20 clients, ${serving?.closed.requests ?? 0} requests`,
    },
    {
      claim: 'promised: end-to-end P99 under 100 ms',
      theirs: '< 100 ms',
      ours: time(serving?.endToEnd.load.latency?.p99),
      on: simulated(serving?.endToEnd),
    },
    {
      claim: 'promised: end-to-end P99 under 100 ms',
      theirs: '< 100 ms',
      ours: time(serving?.endToEndLoaded.load.latency?.p99),
      on: simulated(serving?.endToEndLoaded),
    },
    {
      claim: 'promised: 200–300 req/s',
      theirs: '200–300 req/s',
      ours: rate(serving?.closed.throughput),
      on: `20 clients, ${serving?.closed.requests ?? 0} requests, one server, ${serving?.workers ?? '–'} workers`,
    },
    {
      claim: 'promised: 100 % success',
      theirs: '100 %',
      ours: success?.length ? percent(Math.min(...success)) : ABSENT,
      on: setting,
    },
    {
      claim: 'promised: 1,000+ req/s by scaling out',
      theirs: '1,000+ req/s',
      ours: largest === undefined ? ABSENT : `${figures(largest.throughput)} req/s`,
      on:
        largest === undefined
          ? 'nginx is not installed here; docs/scaling.md computes it'
          : `${largest.servers} servers behind nginx, all on ${here}; docs/scaling.md computes what 1,000 need`,
    },
  ];
}

/** What the first report's figures say about each other. */
export function firstReportRemark(): string {
  const mean = (20 / 39) * 1000;
  return `The first report's 39 req/s with 20 clients imply, by Little's law, a mean wait of 20 / 39 s = ${ms(mean)}: its end-to-end P99 of 564 ms was the queue in front of a model of 8 ms, which by itself would have allowed 125 req/s on one core.`;
}
