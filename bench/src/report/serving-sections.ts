import { figures, ms, percent } from '../format.ts';
import type { LoadResult } from '../load/recorder.ts';
import { utilisation } from '../stats/littles-law.ts';
import { type Block, chart, PERCENTILES, row, type Section, table, text } from './blocks.ts';
import { agreement, verdictOnAgreement } from './figures.ts';
import type { ServingResult } from './types.ts';

export function latency(serving: ServingResult): Section {
  const { closed, single, json } = serving;
  const parts = (load: LoadResult, name: string) =>
    ['queue', 'decode', 'model', 'total'].map((part) => row(`${name}: ${part}, said by the server`, load.server[part]));
  const repeats = serving.first.map((load) => load.latency?.p50 ?? 0);
  return {
    title: 'Latency',
    blocks: [
      table(PERCENTILES, [
        row('20 clients: end to end', closed.latency),
        ...parts(closed, '20 clients'),
        row('20 clients, answers in JSON: end to end', json.latency),
        row('1 client: end to end', single.latency),
        ...parts(single, '1 client'),
      ]),
      percentileChart(serving),
      text(
        `The first report's setting (20 clients, 200 requests), ${repeats.length} times: medians ${repeats.map(ms).join(', ')}, ${verdictOnAgreement(agreement(repeats) ?? 0)}.`,
      ),
    ],
  };
}

export function throughput(serving: ServingResult): Section {
  const { closed, workers } = serving;
  const law = closed.littlesLaw;
  const model = closed.server.model?.mean ?? 0;
  const open = serving.open.map(({ share, rate, load }) => [
    `${Math.round(100 * share)} %`,
    figures(rate),
    figures(load.throughput),
    percent(load.successRate),
    ms(load.latency?.p50),
    ms(load.latency?.p99),
    ms(load.uncorrected?.p99),
    Object.entries(load.failures)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || '–',
  ]);
  const blocks: Block[] = [
    ...concurrencyCharts(serving),
    table(
      ['clients', 'req/s', 'P50', 'P99', 'success'],
      serving.sweep.map((point) => [
        String(point.concurrency),
        figures(point.throughput),
        ms(point.p50),
        ms(point.p99),
        percent(point.successRate),
      ]),
    ),
    text(
      'Open loop: requests arrive at random (Poisson) whether or not earlier ones were answered; latency counts from the moment each was due. Past 100 % the server must refuse some and serve the rest well.',
    ),
    table(
      ['of the peak', 'offered/s', 'answered/s', 'success', 'P50', 'P99', 'P99 uncorrected', 'refused or failed'],
      open,
    ),
    text(
      `Little's law: ${figures(law.rate)} req/s × ${ms(law.meanLatency)} = ${figures(law.implied)} requests under way; ${figures(law.observed)} were seen by a clock of its own (${percent(law.deviation)} off): it ${law.holds ? 'holds' : 'DOES NOT HOLD, so something here is measured wrongly'}.`,
    ),
    text(
      `The workers were busy with the network ${percent(utilisation(closed.throughput, model, workers))} of the time.`,
    ),
  ];
  if (serving.cpu !== undefined && serving.rss !== undefined) {
    blocks.push(
      text(
        `A request costs the server ${ms(serving.cpu)} of CPU; all its processes together hold ${figures(serving.rss)} MB.`,
      ),
    );
  }
  const { sessions } = serving;
  if (sessions !== undefined) {
    const failed = Object.entries(sessions.failures)
      .map(([name, count]) => ` ${count} failed: ${name}.`)
      .join('');
    blocks.push(
      text(
        `Live: ${sessions.succeeded} of ${sessions.sessions} sessions of ${sessions.secondsEach} s in real time ended well; \`turn-end\` came ${ms(sessions.turnEnd?.p50)} (P50), ${ms(sessions.turnEnd?.p99)} (P99) after the turn's last audio was sent.${failed}`,
      ),
    );
  }
  return { title: 'Throughput', blocks };
}

export function endToEnd(serving: ServingResult): Section {
  const { rtt, jitter } = serving.endToEnd.network;
  const both = [serving.endToEnd, serving.endToEndLoaded];
  return {
    title: 'End to end over a simulated network',
    blocks: [
      text(
        `Through a proxy on loopback that delays both directions: RTT ${rtt[0]}–${rtt[1]} ms, drawn for each request, jitter ${jitter} ms.`,
      ),
      ...both.map((result) => {
        const clients = `${result.concurrency} ${result.concurrency === 1 ? 'client' : 'clients'}`;
        return table(
          [clients, 'min', 'P50', 'P95', 'P99', 'max'],
          [
            row('end to end', result.load.latency),
            ...(['network', 'server', 'queue', 'model'] as const).map((part) => row(part, result.parts[part])),
          ],
        );
      }),
    ],
  };
}

/** Percentiles that all three loads have samples for. */
function percentileChart({ single, closed, endToEnd: simulated }: ServingResult): Block {
  const curves = [single.curve, closed.curve, simulated.load.curve];
  const shown = Math.min(...curves.map((curve) => curve.length));
  const values = (curve: LoadResult['curve']) => curve.slice(0, shown).map(([, milliseconds]) => milliseconds);
  return chart({
    title: 'Latency by percentile',
    x: 'percentile',
    y: 'milliseconds',
    places: closed.curve.slice(0, shown).map(([percentile]) => String(percentile)),
    series: ['1 client', '20 clients', 'simulated network'].map((name, at) => ({
      name,
      values: values(curves[at] ?? []),
    })),
  });
}

function concurrencyCharts({ sweep }: ServingResult): Block[] {
  const places = sweep.map(({ concurrency }) => String(concurrency));
  const common = { x: 'clients at once', places };
  return [
    chart({
      ...common,
      title: 'Throughput against concurrency',
      y: 'requests a second',
      series: [{ name: 'throughput', values: sweep.map(({ throughput: rate }) => rate) }],
    }),
    chart({
      ...common,
      title: 'Latency against concurrency',
      y: 'milliseconds',
      series: [
        { name: 'P50', values: sweep.map(({ p50 }) => p50) },
        { name: 'P99', values: sweep.map(({ p99 }) => p99) },
      ],
    }),
  ];
}
