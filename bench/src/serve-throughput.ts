import { availableParallelism } from 'node:os';
import { type BenchIo, countFlag, parseFlags } from './args.ts';
import { figures, ms, percent, summaryLine } from './format.ts';
import { closedLoop, warmUp } from './load/loops.ts';
import type { LoadResult } from './load/recorder.ts';
import { loadEngine } from './model/engines.ts';
import { feedsFor } from './model/feeds.ts';
import { FAST_CNN, fastCnnPath, readModel } from './model/files.ts';
import {
  atLeast,
  atMost,
  conclude,
  type Entry,
  inferTarget,
  inner,
  LAG_P99,
  metric,
  withEntry,
} from './serve-common.ts';
import { seededRandom } from './stats/random.ts';
import { summarize } from './stats/summary.ts';

/** Requests before anything counts: the server's code is compiled while it is used. */
const WARM_UP = 2000;

interface Bare {
  readonly perSecond: number;
  /** Milliseconds of each run. */
  readonly p50: number;
  readonly p99: number;
  /** CPU milliseconds a run. */
  readonly cpu: number;
}

/** One bare loop: ONNX Runtime in this thread, one run after the other. Prints its figures as JSON. */
export async function bareLoop(args: readonly string[]): Promise<number> {
  const seconds = Number(args[0] ?? 5);
  const model = await loadEngine('native-direct', await readModel(fastCnnPath(FAST_CNN)));
  const feeds = feedsFor(model.inputs, {}, seededRandom(1))();
  for (let i = 0; i < 20; i++) await model.run(feeds);
  const samples: number[] = [];
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  while (performance.now() - begun < seconds * 1000) {
    const start = performance.now();
    await model.run(feeds);
    samples.push(performance.now() - start);
  }
  const wall = performance.now() - begun;
  const { user, system } = process.cpuUsage(cpuBefore);
  const summary = summarize(samples);
  const bare: Bare = {
    perSecond: (1000 * samples.length) / wall,
    p50: summary?.p50 ?? 0,
    p99: summary?.p99 ?? 0,
    cpu: (user + system) / 1000 / samples.length,
  };
  process.stdout.write(JSON.stringify(bare));
  return 0;
}

/** As many bare loops as there are cores, at once. */
async function bareLoops(count: number, seconds: number): Promise<Bare> {
  const loops = (await Promise.all(Array.from({ length: count }, () => inner('bare-loop', String(seconds))))) as Bare[];
  const mean = (pick: (bare: Bare) => number) => loops.reduce((sum, bare) => sum + pick(bare), 0) / count;
  return {
    perSecond: loops.reduce((sum, bare) => sum + bare.perSecond, 0),
    p50: mean((bare) => bare.p50),
    p99: Math.max(...loops.map((bare) => bare.p99)),
    cpu: mean((bare) => bare.cpu),
  };
}

interface Round {
  readonly bare: Bare;
  readonly load: LoadResult;
  /** Throughput ÷ what the bare loops reach on the cores less what the generator used of them. */
  readonly ratio: number;
  /** CPU milliseconds of the server and its workers a request. */
  readonly cpu: number;
}

/** `/v1/infer` under 20 clients, against bare loops before and after; median over rounds. */
export async function throughput(args: readonly string[], io: BenchIo): Promise<number> {
  const flags = parseFlags(args, { rounds: 'string', requests: 'string' });
  const rounds = countFlag(flags, 'rounds', [1, 100], 3);
  const requests = countFlag(flags, 'requests', [1, 1_000_000], 2000);
  const cores = availableParallelism();
  const single = (await inner('bare-loop', '3')) as Bare;
  io.note(`one bare loop alone: ${figures(single.perSecond)}/s, ${ms(single.p50)} P50, ${ms(single.p99)} P99`);

  return withEntry({}, async (server) => {
    const done: Round[] = [];
    await measure(server, WARM_UP);
    for (let round = 0; round < rounds; round++) {
      const before = await bareLoops(cores, 4);
      const measured = await measure(server, requests);
      const after = await bareLoops(cores, 4);
      const perSecond = (before.perSecond + after.perSecond) / 2;
      const { load } = measured;
      const left = (cores - (load.generatorCpu * load.requests) / 1000 / load.seconds) / cores;
      const ratio = load.throughput / (perSecond * left);
      done.push({ bare: { ...before, perSecond }, load, ratio, cpu: measured.cpu });
      io.out(
        `round ${round + 1}: ${figures(load.throughput)} req/s; bare ${figures(perSecond)}/s, of which the generator (${ms(load.generatorCpu)} of CPU a request) leaves ${percent(left)}; ratio ${percent(ratio)}\n  end to end ${summaryLine(load.latency)}\n  model      ${summaryLine(load.server.model)}\n  CPU a request: server ${ms(measured.cpu)}, bare run ${ms(before.cpu)}`,
      );
    }
    const one = await oneClient(server);
    io.out(`one client: end to end ${summaryLine(one.latency)}; model ${summaryLine(one.server.model)}`);
    const lag = await metric(server.url, LAG_P99);
    const best = (pick: (round: Round) => number | undefined) => median(done.map((round) => pick(round) ?? Number.NaN));
    const modelP99 = best((round) => round.load.server.model?.p99);
    return conclude(io, [
      atLeast('success', Math.min(...done.map((round) => round.load.successRate)) * 100, 100, '%'),
      atLeast('throughput of the bare loops', best((round) => round.ratio) * 100, 85, '%'),
      atLeast(
        'throughput',
        best((round) => round.load.throughput),
        300,
        'req/s',
      ),
      atMost('model P99', modelP99, 2 * single.p99, 'ms (twice its isolated P99)'),
      atMost('model P99', modelP99, 10, 'ms'),
      atMost(
        'end-to-end P99',
        best((round) => round.load.latency?.p99),
        100,
        'ms',
      ),
      atMost(
        'end-to-end P99 (aim)',
        best((round) => round.load.latency?.p99),
        60,
        'ms',
      ),
      atMost(
        'one client beyond the model, P50',
        (one.latency?.p50 ?? Number.NaN) - (one.server.model?.p50 ?? 0),
        1.5,
        'ms',
      ),
      atMost('event-loop lag P99', lag * 1000, 20, 'ms'),
    ]);
  });
}

async function measure(server: Entry, requests: number): Promise<{ load: LoadResult; cpu: number }> {
  const target = inferTarget(server.url, 20);
  try {
    await warmUp(target, 200, 20);
    const before = server.cpuSeconds();
    const load = await closedLoop(target, { requests, concurrency: 20 });
    return { load, cpu: (1000 * (server.cpuSeconds() - before)) / requests };
  } finally {
    target.close();
  }
}

async function oneClient(server: Entry): Promise<LoadResult> {
  const target = inferTarget(server.url, 1);
  try {
    await warmUp(target, 50, 1);
    return await closedLoop(target, { requests: 500, concurrency: 1 });
  } finally {
    target.close();
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
