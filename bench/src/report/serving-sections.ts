import { counts, figures, ms, percent } from '../format.ts';
import type { LoadResult } from '../load/recorder.ts';
import type { EndToEndResult } from '../network/end-to-end.ts';
import { utilisation } from '../stats/littles-law.ts';
import { agreement, verdictOnAgreement } from './figures.ts';
import { chart, latencies, type Section, table } from './markdown.ts';
import type { ServingResult } from './serving.ts';

export function latency(serving: ServingResult): Section {
  const { closed, single, json } = serving;
  const parts = (load: LoadResult, name: string) =>
    Object.fromEntries(
      ['queue', 'decode', 'model', 'total'].map((part) => [
        `${name}: ${part}, reported by the server`,
        load.server[part],
      ]),
    );
  const repeats = serving.first.map((load) => load.latency?.p50 ?? 0);
  return {
    title: 'Latency',
    blocks: [
      latencies({
        '20 clients: end to end': closed.latency,
        ...parts(closed, '20 clients'),
        '20 clients, answers in JSON: end to end': json.latency,
        '1 client: end to end': single.latency,
        ...parts(single, '1 client'),
      }),
      percentileChart(serving),
      `The first report's setting (20 clients, 200 requests), ${repeats.length} times: medians ${repeats.map(ms).join(', ')}, ${verdictOnAgreement(agreement(repeats) ?? 0)}.`,
    ],
  };
}

export function throughput({ closed, workers, open, sweep, sessions, cpu, rss }: ServingResult): Section {
  const law = closed.littlesLaw;
  const model = closed.server.model?.mean ?? 0;
  const places = sweep.map(({ concurrency }) => concurrency);
  const blocks = [
    chart('Throughput against concurrency', 'concurrent clients', 'requests per second', places, {
      throughput: sweep.map(({ throughput: rate }) => rate),
    }),
    chart('Latency against concurrency', 'concurrent clients', 'milliseconds', places, {
      P50: sweep.map(({ p50 }) => p50),
      P99: sweep.map(({ p99 }) => p99),
    }),
    table(
      ['clients', 'req/s', 'P50', 'P99', 'success'],
      sweep.map((point) => [
        String(point.concurrency),
        figures(point.throughput),
        ms(point.p50),
        ms(point.p99),
        percent(point.successRate),
      ]),
    ),
    'Open loop: requests arrive at random (Poisson) independent of earlier responses; latency counts from the time at which each was due. Above 100 %, the server must refuse some and serve the rest.',
    table(
      ['of the peak', 'offered/s', 'answered/s', 'success', 'P50', 'P99', 'P99 uncorrected', 'refused or failed'],
      open.map(({ share, rate, load }) => [
        `${Math.round(100 * share)} %`,
        figures(rate),
        figures(load.throughput),
        percent(load.successRate),
        ...[load.latency?.p50, load.latency?.p99, load.uncorrected?.p99].map(ms),
        counts(load.failures) || '–',
      ]),
    ),
    `Little's law: ${figures(law.rate)} req/s × ${ms(law.meanLatency)} = ${figures(law.implied)} requests in flight; an independent count gives ${figures(law.observed)} (${percent(law.deviation)} off): it ${law.holds ? 'holds' : 'DOES NOT HOLD, so a measurement is wrong'}.`,
    `The workers were busy with the network ${percent(utilisation(closed.throughput, model, workers))} of the time.`,
  ];
  if (cpu !== undefined && rss !== undefined) {
    blocks.push(`A request costs the server ${ms(cpu)} of CPU; all its processes together hold ${figures(rss)} MB.`);
  }
  const failed = Object.entries(sessions.failures).map(([name, count]) => ` ${count} failed: ${name}.`);
  blocks.push(
    `Live: ${sessions.succeeded} of ${sessions.sessions} sessions of ${sessions.secondsEach} s in real time succeeded; \`turn-end\` came ${ms(sessions.turnEnd?.p50)} (P50), ${ms(sessions.turnEnd?.p99)} (P99) after the turn's last audio was sent.${failed.join('')}`,
  );
  return { title: 'Throughput', blocks };
}

/** @param results Results with the same network and different numbers of clients. */
export function endToEnd(results: readonly [EndToEndResult, ...EndToEndResult[]]): Section {
  const { rtt, jitter } = results[0].network;
  return {
    title: 'End to end over a simulated network',
    blocks: [
      `Through a proxy on loopback that delays both directions: RTT ${rtt[0]}–${rtt[1]} ms, drawn for each request, jitter ${jitter} ms.`,
      ...results.map(({ load, concurrency, parts: { network, server, queue, model } }) =>
        latencies(
          { 'end to end': load.latency, network, server, queue, model },
          `${concurrency} ${concurrency === 1 ? 'client' : 'clients'}`,
        ),
      ),
    ],
  };
}

/** A chart of the percentiles for which all three loads have samples. */
function percentileChart({ single, closed, endToEnd: { load: simulated } }: ServingResult): string {
  const shown = Math.min(...[single, closed, simulated].map(({ curve }) => curve.length));
  const values = ({ curve }: LoadResult) => curve.slice(0, shown).map(([, milliseconds]) => milliseconds);
  const places = closed.curve.slice(0, shown).map(([percentile]) => percentile);
  return chart('Latency by percentile', 'percentile', 'milliseconds', places, {
    '1 client': values(single),
    '20 clients': values(closed),
    'simulated network': values(simulated),
  });
}
