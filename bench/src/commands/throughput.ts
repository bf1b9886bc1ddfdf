import { availableParallelism } from 'node:os';
import { integer } from '@voiceflow-ml/server/args';
import { command } from '../command.ts';
import { figures, ms, percent, summaryLine } from '../format.ts';
import { runPart } from '../inner.ts';
import type { LoadResult } from '../load/recorder.ts';
import type { IsolatedResult } from '../model/isolated.ts';
import { eventLoopLag, loadServer, startServer } from '../server-under-test.ts';
import { atLeast, atMost, conclude } from '../sla.ts';
import { median } from '../stats/summary.ts';

const CLIENTS = 20;
/** Requests before the measurement, because the server's code is compiled while it runs. */
const WARM_UP = 2000;

export const throughput = command({
  summary: 'POST /v1/infer with 20 clients, relative to loops of the bare network on all cores; one client',
  options: {
    rounds: integer([1, 100], 3, 'rounds; the median counts'),
    requests: integer([1, 1_000_000], 2000, 'requests per round'),
  },
  async run({ rounds, requests }, io) {
    const cores = availableParallelism();
    const [alone] = await bareLoops(1, 3);
    io.note(`one bare loop: ${figures(alone?.throughput ?? 0)}/s, ${summaryLine(alone?.latency)}`);
    await using server = await startServer();
    const done: { readonly load: LoadResult; readonly ratio: number }[] = [];
    await loadServer(server, CLIENTS, WARM_UP);
    for (let round = 1; round <= rounds; round++) {
      const before = await bareLoops(cores, 4);
      const { load, cpu } = await loadServer(server, CLIENTS, requests);
      const both = [...before, ...(await bareLoops(cores, 4))];
      const bare = both.reduce((sum, loop) => sum + loop.throughput, 0) / 2;
      // The share of the cores that the generator left. The bare loops had all cores.
      const left = (cores - (load.generatorCpu * load.requests) / 1000 / load.seconds) / cores;
      const ratio = load.throughput / (bare * left);
      done.push({ load, ratio });
      io.out(
        `round ${round}: ${figures(load.throughput)} req/s; bare ${figures(bare)}/s, of which the load generator (${ms(load.generatorCpu)} of CPU per request) leaves ${percent(left)}; ratio ${percent(ratio)}\n  end to end ${summaryLine(load.latency)}\n  model      ${summaryLine(load.server.model)}\n  CPU per request: server ${ms(cpu)}, bare run ${ms(before[0]?.cpu)}`,
      );
    }
    const { load: one } = await loadServer(server, 1, 500);
    io.out(`one client: end to end ${summaryLine(one.latency)}; model ${summaryLine(one.server.model)}`);
    const lag = await eventLoopLag(server.url);
    const middle = (pick: (load: LoadResult) => number | undefined) =>
      median(done.map(({ load }) => pick(load) ?? Number.NaN));
    const modelP99 = middle((load) => load.server.model?.p99);
    const endToEndP99 = middle((load) => load.latency?.p99);
    const beyond = (one.latency?.p50 ?? Number.NaN) - (one.server.model?.p50 ?? 0);
    return conclude(io, [
      atLeast('success', 100 * Math.min(...done.map(({ load }) => load.successRate)), 100, '%'),
      atLeast('throughput of the bare loops', 100 * median(done.map(({ ratio }) => ratio)), 85, '%'),
      atLeast(
        'throughput',
        middle((load) => load.throughput),
        300,
        'req/s',
      ),
      atMost('model P99', modelP99, 2 * (alone?.latency.p99 ?? 0), 'ms (twice its isolated P99)'),
      atMost('model P99', modelP99, 10, 'ms'),
      atMost('end-to-end P99', endToEndP99, 100, 'ms'),
      atMost('end-to-end P99 (aim)', endToEndP99, 60, 'ms'),
      atMost('one client without the model, P50', beyond, 1.5, 'ms'),
      atMost('event-loop lag P99', lag, 20, 'ms'),
    ]);
  },
});

/** Runs bare loops concurrently, each in its own process. */
function bareLoops(count: number, seconds: number): Promise<IsolatedResult[]> {
  const loop = async () => JSON.parse(await runPart(['bare-loop', '--seconds', String(seconds)])) as IsolatedResult;
  return Promise.all(Array.from({ length: count }, loop));
}
