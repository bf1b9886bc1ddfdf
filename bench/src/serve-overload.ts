import { availableParallelism } from 'node:os';
import { type BenchIo, countFlag, numberFlag, parseFlags } from './args.ts';
import { figures, ms, summaryLine } from './format.ts';
import { closedLoop, openLoop, warmUp } from './load/loops.ts';
import type { LoadResult } from './load/recorder.ts';
import { atLeast, atMost, conclude, inferTarget, metric, patientInferTarget, withEntry } from './serve-common.ts';
import { seededRandom } from './stats/random.ts';
import { summarize } from './stats/summary.ts';

/** Jobs that may wait in this measure: what they add to an accepted request's time is `QUEUE` services. */
const QUEUE = 16;
/** Windows that each worker holds itself. */
const AT_A_WORKER = 4;
const TIMES = 10;
/** Requests before anything counts. */
const WARM_UP = 2000;
/** The code that refuses is cold until then, in the server and in the generator, and connections are being opened. */
const WARM_UP_SECONDS = 4;

/**
 * Ten times as many requests as can be served, for a minute: what is accepted stays fast, the rest is told at once.
 *
 * By default with a worker less than there are cores: the generator and 90 % of refusals need a core of their own, and
 * with a worker on each, two cores cannot do all of it, whatever the server does. `--workers` says otherwise.
 * The clients wait for `100 Continue`, so that refusals cost no body: on two cores, generating and throwing away ten
 * times the bodies would take more than both. `--whole` sends them all the same.
 */
export async function overload(args: readonly string[], io: BenchIo): Promise<number> {
  const flags = parseFlags(args, { seconds: 'string', workers: 'string', whole: 'boolean' });
  const seconds = numberFlag(flags, 'seconds', [1, 3600], 60);
  const cores = availableParallelism();
  const workers = countFlag(flags, 'workers', [1, 256], Math.max(cores - 1, 1));
  const env = { VOICEFLOW_QUEUE_JOBS: String(QUEUE), VOICEFLOW_WORKERS: String(workers) };
  return withEntry(env, async (server) => {
    const calm = inferTarget(server.url, 2);
    await warmUp(calm, WARM_UP, 2);
    const unloaded = await closedLoop(calm, { requests: 300, concurrency: 1 });
    const peak = await closedLoop(inferTarget(server.url, 12), { requests: 1000, concurrency: 12 });
    calm.close();
    const rate = TIMES * peak.throughput;
    io.note(
      `unloaded ${summaryLine(unloaded.latency)}; peak ${figures(peak.throughput)} req/s with ${workers} of ${cores} cores working; now ${figures(rate)}/s for ${seconds} s`,
    );
    const target = flags.whole === true ? inferTarget(server.url, 256) : patientInferTarget(server.url, 256);
    const refusedMs: number[] = [];
    // From the actual send: how late the generator itself is, on the same cores, is stated apart.
    const send = async () => {
      const sent = performance.now();
      const reply = await target.send();
      if (!reply.ok) refusedMs.push(performance.now() - sent);
      return reply;
    };
    const timed = { send, close: target.close };
    await openLoop(timed, { rate, seconds: WARM_UP_SECONDS, connections: 256, random: seededRandom(4) });
    refusedMs.length = 0;
    const hit = await openLoop(timed, { rate, seconds, connections: 256, random: seededRandom(3) });
    target.close();
    const refusal = summarize(refusedMs);
    const left = (load: LoadResult) => 1 - (load.generatorCpu * load.requests) / 1000 / load.seconds / cores;
    const refused = hit.failures['http-503'] ?? 0;
    const others = hit.requests - hit.succeeded - refused;
    const told = await metric(server.url, 'voiceflow_refusals_total{code="overloaded"}');
    // The queue in front of an accepted job, with what workers have already: its length at the peak's rate.
    const bound = (1000 * (QUEUE + AT_A_WORKER * workers)) / peak.throughput;
    const p99 = hit.server.total?.p99;
    io.out(
      `accepted ${hit.succeeded}, refused ${refused}, failed otherwise ${others} ${JSON.stringify(hit.failures)}
  accepted, by the server  ${summaryLine(hit.server.total)}
    of which receiving     ${summaryLine(hit.server.receive)}
    waiting                ${summaryLine(hit.server.queue)}
    the network            ${summaryLine(hit.server.model)}
  accepted, from intended  ${summaryLine(hit.latency)}
  refused, from the send   ${summaryLine(refusal)}
  the generator sent late by ${summaryLine(hit.lateness)} and took ${ms(hit.generatorCpu)} of CPU a request`,
    );
    return conclude(io, [
      atMost('accepted P99 (server)', p99, 2 * (unloaded.latency?.p99 ?? 0) + bound, 'ms (2 × unloaded P99 + queue)'),
      atMost('refusal, median', refusal?.p50, 10, 'ms'),
      atMost('failures that are no 503', others, 0, 'requests'),
      atLeast(
        'goodput on the cores that the generator leaves',
        (100 * hit.throughput * left(peak)) / (peak.throughput * left(hit)),
        95,
        '% of the peak',
      ),
      atLeast('refusals counted', told, refused, ''),
    ]);
  });
}
