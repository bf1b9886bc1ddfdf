import { availableParallelism } from 'node:os';
import { seededRandom } from 'voiceflow-ml/testing';
import type { BenchIo } from '../command.ts';
import { measureBackends } from '../compare-runtimes.ts';
import { runPart } from '../inner.ts';
import { GENERATOR_RATE, measureGenerator } from '../load/generator-cost.ts';
import { describeMachine } from '../machine.ts';
import { loadEngine } from '../model/engines.ts';
import { feedsFor } from '../model/feeds.ts';
import { readModel } from '../model/files.ts';
import { type IsolatedResult, measureIsolated } from '../model/isolated.ts';
import type { SpeedResult } from '../pipelines.ts';
import { measureScaleOut, type ScaleOutResult } from '../scale-out/measure.ts';
import { findNginx } from '../scale-out/nginx.ts';
import { startServer } from '../server-under-test.ts';
import { below, judge, SLA } from '../sla.ts';
import { calibrate, judgeNoise } from '../stats/noise.ts';
import { measureAccuracy } from './accuracy.ts';
import { measurePeers } from './peers.ts';
import { FULL_PLAN, measureServing, QUICK_PLAN } from './serving.ts';
import type { Report } from './types.ts';

interface CollectOptions {
  /** Runs everything, but so briefly that it only shows that it works. */
  readonly quick: boolean;
  /** Folders of recordings with `.rttm` files, scored in addition to the demo conversation. */
  readonly evaluate: readonly string[];
}

/** What a run on an ordinary machine cannot measure. */
const BEYOND = [
  'models that are fetched: npm run accuracy -- FOLDER --model accurate',
  'GPUs: none here; nodeBackend({ device }) was tried with a software adapter (docs/decisions/041-devices.md)',
  'a real network between client and server: the delays are simulated on loopback, without handshakes and slow start',
  'scaling over several machines: all servers share the processors of this one; docs/scaling.md computes it',
];

const NOISE_ROUNDS = 20;

/** Measures everything that can be measured here. What fails or is missing is listed in the report. */
export async function collectReport(options: CollectOptions, io: BenchIo): Promise<Report> {
  const start = performance.now();
  const date = new Date().toISOString();
  const machine = describeMachine();
  const noise: number[] = [];
  const notMeasured: string[] = [];
  const stages = 8;
  let stage = 0;
  const measure = async <T>(name: string, work: () => Promise<T>): Promise<T | undefined> => {
    io.signal?.throwIfAborted();
    io.note(`[${++stage}/${stages}] ${name} (${Math.round((performance.now() - start) / 1000)} s)`);
    noise.push(...calibrate(NOISE_ROUNDS));
    try {
      return await work();
    } catch (error) {
      io.signal?.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      notMeasured.push(`${name}: ${reason}`);
      io.note(`      not measured: ${reason}`);
      return undefined;
    }
  };
  const plan = options.quick ? QUICK_PLAN : FULL_PLAN;
  const workers = availableParallelism();

  const isolated = await measure('the network alone', () => measureAlone(plan.repeats, options.quick ? 50 : 200));
  const backends = await measure('backends', () =>
    measureBackends({ iterations: options.quick ? 20 : 100, all: !options.quick }, io),
  );
  notMeasured.push(...(backends?.skipped ?? []));
  const speed = await measure('pipelines on recordings', () => measurePipelines(options.quick, io.signal));
  const generator = await measure("the load generator's own cost", () =>
    measureGenerator(GENERATOR_RATE, options.quick ? 1 : 5),
  );
  const serving = await measure('the server', async () => {
    await using server = await startServer({ workers, signal: io.signal });
    return await measureServing(server, workers, plan, indented(io), io.signal);
  });
  const accuracy = await measure('accuracy', () => measureAccuracy(options.evaluate, notMeasured, indented(io)));
  const scaleOut = await measure('scaling out behind nginx', () => measureBehindNginx(options.quick));
  const peers = await measure('peers', () => measurePeers(options.quick, notMeasured, indented(io)));
  noise.push(...calibrate(NOISE_ROUNDS));

  const successes = serving === undefined ? [] : [serving.closed, ...serving.first].map((load) => load.successRate);
  const verdicts = [
    ...judge({
      modelP99: serving?.closed.server.model?.p99,
      endToEndP99: serving?.endToEnd.load.latency?.p99,
      successRate: successes.length > 0 ? Math.min(...successes) : undefined,
    }),
    // The target did not state a number of clients, so the harder case is checked, too.
    below('end-to-end P99, 20 clients at once', serving?.closed.latency?.p99, SLA.endToEndP99),
  ];
  return {
    schema: 1,
    date,
    seconds: (performance.now() - start) / 1000,
    machine,
    noise: judgeNoise(noise),
    isolated,
    backends,
    generator,
    serving,
    speed,
    accuracy,
    scaleOut,
    peers,
    verdicts,
    notMeasured: [...notMeasured, ...BEYOND],
  };
}

function indented(io: BenchIo): (text: string) => void {
  return (text) => io.note(`      ${text}`);
}

async function measureAlone(repeats: number, iterations: number): Promise<IsolatedResult[]> {
  const file = await readModel();
  const model = await loadEngine('native', file);
  try {
    const feeds = feedsFor(model.inputs, {}, seededRandom(1));
    const results: IsolatedResult[] = [];
    while (results.length < repeats) {
      results.push(await measureIsolated(model, feeds, { engine: 'native', name: file.name, iterations, warmup: 20 }));
    }
    return results;
  } finally {
    await model.close();
  }
}

async function measurePipelines(quick: boolean, signal?: AbortSignal): Promise<SpeedResult[]> {
  const results: SpeedResult[] = [];
  const repeats = quick ? '1' : '3';
  for (const args of [
    ['--backend', 'node', '--repeats', repeats],
    ['--backend', 'wasm', '--repeats', repeats],
    ['--backend', 'node', '--repeats', '1', '--minutes', quick ? '3' : '30'],
  ]) {
    results.push(JSON.parse(await runPart(['speed', ...args], { signal })) as SpeedResult);
  }
  return results;
}

async function measureBehindNginx(quick: boolean): Promise<ScaleOutResult[]> {
  const nginx = findNginx();
  if (nginx === undefined) throw new Error('nginx is not installed (Debian: apt-get install nginx-light)');
  const common = { nginx, requests: quick ? 100 : 600, concurrency: 20 };
  const results: ScaleOutResult[] = [];
  for (const servers of [1, 2, 4]) results.push(await measureScaleOut({ ...common, servers, killOne: false }));
  results.push(await measureScaleOut({ ...common, servers: 4, killOne: true }));
  return results;
}
