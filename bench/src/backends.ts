import { measure } from 'mitata';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { seededRandom } from 'voiceflow-ml/testing';
import { type EngineName, loadEngine } from './model/engines.ts';
import { feedsFor } from './model/feeds.ts';
import { readModel } from './model/files.ts';
import { type PairedRatio, pairedRatio } from './stats/ratio.ts';
import { median, type Summary, summarize } from './stats/summary.ts';

/** One way to run the fast-cnn network. */
interface Contender {
  readonly name: string;
  readonly engine: EngineName;
  readonly batch: number;
}

const contender = (engine: EngineName, batch: number): Contender => ({ name: `${engine} ×${batch}`, engine, batch });

export const CONTENDERS: readonly Contender[] = [
  contender('native', 1),
  contender('native-direct', 1),
  contender('wasm', 1),
  contender('wasm-threads', 1),
  contender('native', 4),
  contender('native', 8),
  contender('wasm', 4),
  contender('wasm', 8),
];

/** Ratios of time per second of audio: name, numerator, denominator. */
const RATIOS: readonly (readonly [string, string, string])[] = [
  ['WASM against native, one thread each', 'wasm ×1', 'native ×1'],
  ['WASM with all threads against native with one', 'wasm-threads ×1', 'native ×1'],
  ['the hop to the worker (backend against a direct call)', 'native ×1', 'native-direct ×1'],
  ['batch of 4 against 1, a second of audio, native', 'native ×4', 'native ×1'],
  ['batch of 8 against 1, a second of audio, native', 'native ×8', 'native ×1'],
  ['batch of 4 against 1, a second of audio, WASM', 'wasm ×4', 'wasm ×1'],
  ['batch of 8 against 1, a second of audio, WASM', 'wasm ×8', 'wasm ×1'],
];

interface ContenderResult extends Contender {
  /** Milliseconds per run (of a whole batch). */
  readonly latency: Summary;
  /** Milliseconds per second of audio. */
  readonly perSecond: number;
  /** CPU milliseconds of the process per run. Includes busy waiting, but no other programs. */
  readonly cpu: number;
}

interface RatioResult extends PairedRatio {
  readonly name: string;
}

export interface ComparisonResult {
  readonly runtime: string;
  readonly contenders: readonly ContenderResult[];
  readonly ratios: readonly RatioResult[];
  /** Contenders that this runtime cannot run, and why. */
  readonly unavailable: Readonly<Record<string, string>>;
}

const ROUNDS = 10;
const WARMUP = 5;

/**
 * Runs all contenders in this runtime in turns, so that the pairs of a round have the same conditions.
 * @param iterations Runs of each contender; batches get a quarter of this.
 */
export async function compareBackends(iterations: number, contenders = CONTENDERS): Promise<ComparisonResult> {
  const unavailable: Record<string, string> = {};
  const runners: Runner[] = [];
  try {
    for (const each of contenders) {
      const runner = await prepare(each).catch((error: unknown) => {
        if (!VoiceFlowError.isInstance(error)) throw error;
        unavailable[each.name] = error.message;
      });
      if (runner !== undefined) runners.push(runner);
    }
    const count = (each: Contender) => Math.max(1, Math.round(iterations / ROUNDS / (each.batch > 1 ? 4 : 1)));
    for (let round = 0; round < ROUNDS; round++) {
      // Each round starts with a different contender, so that none is always the first after a pause.
      for (let at = 0; at < runners.length; at++) {
        const runner = runners[(at + round) % runners.length];
        if (runner !== undefined) await runner.round(count(runner.contender));
      }
    }
    return { runtime: runtimeName(), contenders: runners.map(resultOf), ratios: ratiosOf(runners), unavailable };
  } finally {
    for (const runner of runners) await runner.model.close();
  }
}

type Runner = Awaited<ReturnType<typeof prepare>>;

async function prepare(contender: Contender) {
  const file = await readModel();
  const model = await loadEngine(contender.engine, file);
  const feeds = feedsFor(model.inputs, { audio: [contender.batch, 48_000] }, seededRandom(1));
  for (let i = 0; i < WARMUP; i++) await model.run(feeds());
  const runner = {
    contender,
    model,
    samples: [] as number[],
    /** Median of each round, in milliseconds per second of audio. */
    medians: [] as number[],
    /** CPU milliseconds of all counted runs. */
    cpu: 0,
    async round(count: number): Promise<void> {
      const times: number[] = [];
      const run = async () => {
        const input = feeds();
        const start = performance.now();
        await model.run(input);
        times.push(performance.now() - start);
      };
      // mitata runs the loop and a separate warm-up call. Its own samples omit the two largest and would include the
      // copy of the input, so the raw times are taken here.
      const before = process.cpuUsage();
      await measure(run, { min_samples: count, max_samples: count, min_cpu_time: 0, gc: false });
      const { user, system } = process.cpuUsage(before);
      runner.cpu += ((user + system) / 1000) * (count / times.length);
      const counted = times.slice(-count);
      runner.samples.push(...counted);
      runner.medians.push(median(counted) / contender.batch);
    },
  };
  return runner;
}

function resultOf({ contender, samples, cpu }: Runner): ContenderResult {
  const latency = summarize(samples);
  if (latency === undefined) throw new RangeError('no samples');
  return {
    ...contender,
    latency,
    perSecond: latency.p50 / contender.batch,
    cpu: cpu / samples.length,
  };
}

function ratiosOf(runners: readonly Runner[]): RatioResult[] {
  const medians = new Map(runners.map((runner) => [runner.contender.name, runner.medians]));
  return RATIOS.flatMap(([name, above, below]) => {
    const ratio = pairedRatio(medians.get(above) ?? [], medians.get(below) ?? []);
    return ratio === undefined ? [] : [{ name, ...ratio }];
  });
}

/** Name and version of the runtime: `node 20.1.0`, `bun 1.4.5`, `deno 2.9.6`. */
export function runtimeName(versions: Readonly<Record<string, string | undefined>> = process.versions): string {
  for (const name of ['bun', 'deno']) if (versions[name] !== undefined) return `${name} ${versions[name]}`;
  return `node ${versions.node}`;
}

export const coldStartContenders = ['native', 'wasm'] as const;

/** Loads the engine, reads the weights and runs once. The model stays open. */
export async function coldStart(engine: EngineName): Promise<void> {
  const model = await loadEngine(engine, await readModel());
  await model.run(feedsFor(model.inputs, {}, seededRandom(1))());
}
