import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { BENCH_SCRIPT, runPart } from '../../bench/src/inner.ts';
import { REPOSITORY } from '../../bench/src/machine.ts';
import { measureServing, type ServingPlan } from '../../bench/src/report/serving.ts';
import { findRuntimes } from '../../bench/src/runtimes.ts';
import { startServer } from '../../bench/src/server-under-test.ts';

const built = existsSync(BENCH_SCRIPT) && existsSync(`${REPOSITORY}packages/server/dist/node.js`);
const why = built ? '' : ' (skipped: npm run build)';

/** As short as a plan can be: whether everything is measured, not how fast it is. */
const PLAN: ServingPlan = {
  warmUp: 20,
  repeats: 2,
  closedRequests: 40,
  sweep: [1, 3],
  sweepRequests: 10,
  openShares: [0.5],
  openSeconds: 0.5,
  sessions: 1,
  sessionSeconds: 2,
  endToEnd: 5,
};

describe.skipIf(!built)(`the report's load test of the real server${why}`, () => {
  it('measures every part, and the server reports all timings', async () => {
    const workers = Math.min(2, availableParallelism());
    await using server = await startServer({ workers });
    const result = await measureServing(server, workers, PLAN, () => {});
    for (const load of [...result.first, result.closed, result.json, result.single, result.open[0]?.load]) {
      expect(load?.failures).toEqual({});
      expect(load?.successRate).toBe(1);
      for (const part of ['queue', 'decode', 'model', 'total']) expect(load?.server[part]?.count).toBe(load?.succeeded);
      // What the server says it took cannot be more than the client waited.
      expect(load?.server.total?.p50).toBeLessThanOrEqual(load?.latency?.p50 ?? 0);
    }
    expect(result.closed.requests).toBe(40);
    expect(result.sweep.map(({ concurrency, successRate }) => [concurrency, successRate])).toEqual([
      [1, 1],
      [3, 1],
    ]);
    expect(result.sessions).toMatchObject({ sessions: 1, succeeded: 1, failures: {} });
    for (const { parts, load } of [result.endToEnd, result.endToEndLoaded]) {
      const [network = 0, server = 0, queue = 0, model = 0] = Object.values(parts).map(({ mean }) => mean);
      expect(network).toBeGreaterThanOrEqual(9);
      expect(model).toBeGreaterThan(0);
      const sum = network + server + queue + model;
      expect(sum / (load.latency?.mean ?? 0)).toBeCloseTo(1, 1);
    }
    if (process.platform === 'linux') {
      // The network alone needs some milliseconds; workers in processes of their own must be counted too.
      expect(result.cpu).toBeGreaterThan(1);
      expect(result.rss).toBeGreaterThan(50);
    }
  });
});

describe.skipIf(!built)(`cold starts${why}`, () => {
  for (const runtime of findRuntimes()) {
    const { name, missing } = runtime;
    it.skipIf(missing !== undefined)(`return the first result on ${missing ?? name}`, async () => {
      for (const engine of ['native', 'wasm']) await runPart(['cold-start', '--engine', engine], runtime);
    });
  }
});
