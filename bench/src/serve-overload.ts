import { type BenchIo, numberFlag, parseFlags } from './args.ts';
import { figures, ms, summaryLine } from './format.ts';
import { closedLoop, openLoop, warmUp } from './load/loops.ts';
import { atLeast, atMost, conclude, inferTarget, metric, withEntry } from './serve-common.ts';
import { seededRandom } from './stats/random.ts';

/** Jobs that may wait in this measure: what they add to an accepted request's time is `QUEUE` services. */
const QUEUE = 16;
const TIMES = 10;

/** Ten times as many requests as can be served, for a minute: what is accepted stays fast, the rest is told at once. */
export async function overload(args: readonly string[], io: BenchIo): Promise<number> {
  const flags = parseFlags(args, { seconds: 'string' });
  const seconds = numberFlag(flags, 'seconds', [1, 3600], 60);
  return withEntry({ VOICEFLOW_QUEUE_JOBS: String(QUEUE) }, async (server) => {
    const calm = inferTarget(server.url, 2);
    await warmUp(calm, 300, 2);
    const unloaded = await closedLoop(calm, { requests: 300, concurrency: 1 });
    const peak = await closedLoop(inferTarget(server.url, 12), { requests: 1000, concurrency: 12 });
    calm.close();
    const rate = TIMES * peak.throughput;
    io.note(
      `unloaded ${summaryLine(unloaded.latency)}; peak ${figures(peak.throughput)} req/s; now ${figures(rate)}/s for ${seconds} s`,
    );
    const target = inferTarget(server.url, 256);
    const hit = await openLoop(target, { rate, seconds, connections: 256, random: seededRandom(3) });
    target.close();
    const refused = hit.failures['http-503'] ?? 0;
    const others = hit.requests - hit.succeeded - refused;
    const told = await metric(server.url, 'voiceflow_refusals_total{code="overloaded"}');
    // The queue in front of an accepted job: its length at the peak's rate.
    const bound = (1000 * (QUEUE + 4)) / peak.throughput;
    const p99 = hit.server.total?.p99;
    io.out(
      `accepted ${hit.succeeded}, refused ${refused}, failed otherwise ${others} ${JSON.stringify(hit.failures)}
  accepted, by the server  ${summaryLine(hit.server.total)}
  accepted, from intended  ${summaryLine(hit.latency)}
  refused                  ${summaryLine(hit.failureLatency)}
  the generator sent late by ${summaryLine(hit.lateness)} and took ${ms(hit.generatorCpu)} of CPU a request`,
    );
    return conclude(io, [
      atMost('accepted P99 (server)', p99, 2 * (unloaded.latency?.p99 ?? 0) + bound, 'ms (2 × unloaded P99 + queue)'),
      atMost('refusal, median', hit.failureLatency?.p50, 10, 'ms'),
      atMost('failures that are no 503', others, 0, 'requests'),
      atLeast('goodput', (100 * hit.throughput) / peak.throughput, 95, '% of the peak'),
      atLeast('refusals counted', told, Math.min(refused, 1), ''),
    ]);
  });
}
