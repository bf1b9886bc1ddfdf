import type { Model, Tensor } from 'voiceflow-ml/core';
import { type Summary, summarize } from '../stats/summary.ts';

/** Results of a single network, run sequentially. */
export interface IsolatedResult {
  readonly engine: string;
  readonly model: string;
  readonly iterations: number;
  /** Milliseconds per run. */
  readonly latency: Summary;
  /** Runs per second, back to back. */
  readonly throughput: number;
  /** CPU milliseconds of the whole process per run. More than the latency would indicate busy waiting. */
  readonly cpu: number;
}

interface IsolatedOptions {
  readonly engine: string;
  readonly name: string;
  readonly iterations: number;
  readonly warmup: number;
  readonly signal?: AbortSignal;
}

/** Times `iterations` runs after `warmup` uncounted runs. The time does not include the copies of the inputs. */
export async function measureIsolated(
  model: Pick<Model, 'run'>,
  feeds: () => Record<string, Tensor>,
  { engine, name, iterations, warmup, signal }: IsolatedOptions,
): Promise<IsolatedResult> {
  for (let i = 0; i < warmup; i++) await model.run(feeds());
  const cpuBefore = process.cpuUsage();
  const samples: number[] = [];
  while (samples.length < iterations && !signal?.aborted) {
    const input = feeds();
    const start = performance.now();
    await model.run(input);
    samples.push(performance.now() - start);
  }
  const cpu = process.cpuUsage(cpuBefore);
  const latency = summarize(samples);
  if (latency === undefined) throw new RangeError('no iterations');
  return {
    engine,
    model: name,
    iterations: samples.length,
    latency,
    throughput: 1000 / latency.mean,
    cpu: (cpu.user + cpu.system) / 1000 / samples.length,
  };
}
