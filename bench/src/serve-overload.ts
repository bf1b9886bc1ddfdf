import { Agent, request } from 'node:http';
import { availableParallelism } from 'node:os';
import { type BenchIo, numberFlag, parseFlags } from './args.ts';
import { figures, ms, summaryLine } from './format.ts';
import { closedLoop, openLoop, warmUp } from './load/loops.ts';
import type { LoadResult } from './load/recorder.ts';
import { parseServerTiming } from './load/server-timing.ts';
import type { Reply, Target } from './load/target.ts';
import { atLeast, atMost, conclude, inferTarget, metric, WINDOW, withEntry } from './serve-common.ts';
import { noise, seededRandom } from './stats/random.ts';
import { summarize } from './stats/summary.ts';

/** Jobs that may wait in this measure: what they add to an accepted request's time is `QUEUE` services. */
const QUEUE = 16;
/** Windows that each worker holds itself. */
const AT_A_WORKER = 4;
const TIMES = 10;

/**
 * Ten times as many requests as can be served, for a minute: what is accepted stays fast, the rest is told at once.
 *
 * The clients wait for `100 Continue`, so that refusals cost no body: on two cores, generating and throwing away ten
 * times the bodies would take more than both. `--whole` sends them all the same.
 */
export async function overload(args: readonly string[], io: BenchIo): Promise<number> {
  const flags = parseFlags(args, { seconds: 'string', whole: 'boolean' });
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
    const target = flags.whole === true ? inferTarget(server.url, 256) : patientTarget(server.url);
    const refusedMs: number[] = [];
    // From the actual send: how late the generator itself is, on the same cores, is stated apart.
    const send = async () => {
      const sent = performance.now();
      const reply = await target.send();
      if (!reply.ok) refusedMs.push(performance.now() - sent);
      return reply;
    };
    const timed = { send, close: target.close };
    const hit = await openLoop(timed, { rate, seconds, connections: 256, random: seededRandom(3) });
    target.close();
    const refusal = summarize(refusedMs);
    const cores = availableParallelism();
    const left = (load: LoadResult) => 1 - (load.generatorCpu * load.requests) / 1000 / load.seconds / cores;
    const refused = hit.failures['http-503'] ?? 0;
    const others = hit.requests - hit.succeeded - refused;
    const told = await metric(server.url, 'voiceflow_refusals_total{code="overloaded"}');
    // The queue in front of an accepted job, with what workers have already: its length at the peak's rate.
    const bound = (1000 * (QUEUE + AT_A_WORKER * availableParallelism())) / peak.throughput;
    const p99 = hit.server.total?.p99;
    io.out(
      `accepted ${hit.succeeded}, refused ${refused}, failed otherwise ${others} ${JSON.stringify(hit.failures)}
  accepted, by the server  ${summaryLine(hit.server.total)}
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
      atLeast('refusals counted', told, Math.min(refused, 1), ''),
    ]);
  });
}

/** As `inferTarget`, with clients that send the body when they are told to. */
function patientTarget(url: string): Target {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const body = new Uint8Array(noise(WINDOW, seededRandom(1)).buffer);
  const headers = {
    'content-type': 'application/octet-stream',
    accept: 'application/octet-stream',
    expect: '100-continue',
    'content-length': body.length,
  };
  const send = () =>
    new Promise<Reply>((resolve) => {
      const call = request(`${url}/v1/infer`, { method: 'POST', agent, headers }, (response) => {
        const timing = parseServerTiming(response.headers['server-timing']);
        const { statusCode = 0 } = response;
        response.resume();
        response.on('end', () => {
          resolve(statusCode === 200 ? { ok: true, timing } : { ok: false, failure: `http-${statusCode}`, timing });
          // Refused: the body will not be sent, and the connection has ended with the answer.
          if (statusCode !== 200) call.destroy();
        });
        response.on('error', () => resolve({ ok: false, failure: 'reset', timing: {} }));
      });
      call.on('continue', () => call.end(body));
      call.on('error', (error: NodeJS.ErrnoException) =>
        resolve({ ok: false, failure: error.code ?? 'error', timing: {} }),
      );
      call.flushHeaders();
    });
  return { send, close: () => agent.destroy() };
}
