import type { LoadResult } from '../../bench/src/load/recorder.ts';
import type { IsolatedResult } from '../../bench/src/model/isolated.ts';
import type { EndToEndResult } from '../../bench/src/network/end-to-end.ts';
import type { Report } from '../../bench/src/report/types.ts';
import { judge } from '../../bench/src/sla.ts';
import { DurationHistogram } from '../../bench/src/stats/histogram.ts';
import { littlesLaw } from '../../bench/src/stats/littles-law.ts';
import { judgeNoise } from '../../bench/src/stats/noise.ts';
import { summarize } from '../../bench/src/stats/summary.ts';

/**
 * For tests: the result of a load test in which every request took `latency` milliseconds, `model` of them in the
 * network.
 */
export function loadFixture(
  latency: number,
  model: number,
  failures: Readonly<Record<string, number>> = {},
): LoadResult {
  const samples = Array.from({ length: 100 }, () => latency);
  const histogram = new DurationHistogram();
  for (const sample of samples) histogram.record(sample);
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  const [summary, models] = [summarize(samples), summarize(samples.map(() => model))];
  if (summary === undefined || models === undefined) throw new RangeError('no samples');
  return {
    requests: 100 + failed,
    succeeded: 100,
    successRate: 100 / (100 + failed),
    failures,
    seconds: 1,
    throughput: 100,
    latency: summary,
    uncorrected: summary,
    server: { model: models, queue: models, total: summary },
    servedBy: {},
    littlesLaw: littlesLaw(100, latency, latency / 10),
    generatorCpu: 0.2,
    curve: histogram.curve(),
  };
}

function isolatedFixture(latency: number): IsolatedResult {
  const samples = [latency, latency, latency];
  const summary = summarize(samples);
  if (summary === undefined) throw new RangeError('no samples');
  return {
    engine: 'native',
    model: 'fast-cnn.onnx',
    iterations: 3,
    latency: summary,
    throughput: 1000 / latency,
    cpu: latency,
  };
}

function endToEndFixture(load: LoadResult, concurrency: number): EndToEndResult {
  return {
    network: { rtt: [10, 40], jitter: 2 },
    concurrency,
    load,
    parts: {},
    verdicts: [],
  };
}

/** For tests: a complete report with simple, invented figures. */
export function reportFixture(changes: Partial<Report> = {}): Report {
  const load = loadFixture(20, 5);
  return {
    schema: 1,
    date: '2026-11-25T12:00:00.000Z',
    seconds: 600,
    machine: {
      cpu: 'Test CPU',
      cores: 2,
      memory: 8,
      system: 'test',
      runtime: 'Node 20',
      versions: { mitata: '1.0.34' },
      commit: 'abcdef01',
      load: 0.1,
    },
    noise: judgeNoise([10, 10, 10]),
    isolated: [isolatedFixture(4), isolatedFixture(4.2), isolatedFixture(4.1)],
    serving: {
      workers: 2,
      first: [load, load, load],
      closed: load,
      json: load,
      single: load,
      sweep: [1, 2, 4].map((concurrency) => ({
        concurrency,
        throughput: 50 * concurrency,
        p50: 5,
        p99: 9,
        successRate: 1,
      })),
      open: [{ share: 1.5, rate: 150, load: loadFixture(50, 5, { 'http-503': 50 }) }],
      cpu: 5,
      rss: 400,
      sessions: { sessions: 2, succeeded: 2, failures: {}, secondsEach: 15, events: {} },
      endToEnd: endToEndFixture(load, 1),
      endToEndLoaded: endToEndFixture(loadFixture(90, 5), 20),
    },
    verdicts: judge({ modelP99: 5, endToEndP99: 20, successRate: 1 }),
    notMeasured: ['WebGPU: needs a GPU'],
    ...changes,
  };
}
