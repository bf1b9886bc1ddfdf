import { type BenchCommand, type BenchIo, choiceFlag, countFlag, parseFlags } from '../args.ts';
import { type ComparisonResult, coldStartContenders } from '../backends.ts';
import { figures, ms, table } from '../format.ts';
import { runPart } from '../inner.ts';
import { findRuntimes, type Runtime } from '../runtimes.ts';
import { type Summary, summarize } from '../stats/summary.ts';

const FLAGS = { iterations: 'string', runtimes: 'string', json: 'boolean' } as const;
const COLD_STARTS = 5;
const COLD_PATIENCE = 60_000;

/** The comparison in one runtime, with what can only be seen from outside of it. */
export interface RuntimeResult extends ComparisonResult {
  /** Milliseconds from starting the process to its first answer. */
  readonly coldStart: Readonly<Partial<Record<(typeof coldStartContenders)[number], Summary>>>;
}

export interface BackendsResult {
  readonly runtimes: readonly RuntimeResult[];
  readonly skipped: readonly string[];
}

export const backends: BenchCommand = {
  summary: 'native against WASM, weights, batches, cold start, on Node, Bun and Deno (mitata)',
  help: `npm run bench -- backends [options]

All contenders take turns in one process a runtime, so that ratios compare like with like.

  --iterations 200    runs of each contender
  --runtimes all      all (those that are installed), or this
  --json              the result as JSON`,
  async run(args, io) {
    const flags = parseFlags(args, FLAGS);
    const iterations = countFlag(flags, 'iterations', [10, 100_000], 200);
    const all = choiceFlag(flags, 'runtimes', ['all', 'this']) === 'all';
    const result = await measureBackends({ iterations, all }, io);
    io.out(flags.json === true ? JSON.stringify(result) : formatBackends(result));
    return 0;
  },
};

/** Runs the comparison in a process of each runtime. */
export async function measureBackends(
  { iterations, all }: { readonly iterations: number; readonly all: boolean },
  io: Pick<BenchIo, 'note' | 'signal'>,
): Promise<BackendsResult> {
  const runtimes: RuntimeResult[] = [];
  const skipped: string[] = [];
  for (const runtime of findRuntimes().slice(0, all ? undefined : 1)) {
    if (runtime.missing !== undefined) {
      skipped.push(runtime.missing);
      continue;
    }
    io.note(`backends on ${runtime.name} …`);
    try {
      const inside = await child(runtime, ['inside', '--iterations', String(iterations)], io.signal);
      runtimes.push({ ...(JSON.parse(inside) as ComparisonResult), coldStart: await coldStarts(runtime, io.signal) });
    } catch (error) {
      io.signal?.throwIfAborted();
      skipped.push(`${runtime.name} failed: ${(error instanceof Error ? error.message : String(error)).slice(0, 500)}`);
    }
  }
  return { runtimes, skipped };
}

function child(runtime: Runtime, args: readonly string[], signal?: AbortSignal, patience?: number): Promise<string> {
  const options = { command: runtime.command, before: runtime.args, signal };
  return runPart(args, patience === undefined ? options : { ...options, patience });
}

async function coldStarts(runtime: Runtime, signal?: AbortSignal): Promise<RuntimeResult['coldStart']> {
  const samples = coldStartContenders.map((): number[] => []);
  for (let round = 0; round < COLD_STARTS; round++) {
    for (const [at, engine] of coldStartContenders.entries()) {
      const start = performance.now();
      await child(runtime, ['cold-start', '--engine', engine], signal, COLD_PATIENCE);
      samples[at]?.push(performance.now() - start);
    }
  }
  return Object.fromEntries(coldStartContenders.map((engine, at) => [engine, summarize(samples[at] ?? [])]));
}

export function formatBackends({ runtimes, skipped }: BackendsResult): string {
  const parts = runtimes.map((result) => {
    const rows = result.contenders.map(({ name, latency, perSecond, cpu }) => [
      name,
      ...[latency.min, latency.p50, latency.p95, latency.p99, latency.max, perSecond, cpu].map(ms),
    ]);
    const ratios = result.ratios.map(({ name, median, lower, upper }) => [
      name,
      `${figures(median)}×`,
      `(${figures(lower)}–${figures(upper)})`,
    ]);
    const cold = Object.entries(result.coldStart).map(
      ([engine, summary]) =>
        `cold start  ${engine}: ${ms(summary?.p50)} (P50 of ${summary?.count}, process start to first answer)`,
    );
    const missing = Object.entries(result.unavailable).map(([name, why]) => `not run     ${name}: ${why}`);
    return [
      `${result.runtime}`,
      table([['', 'min', 'P50', 'P95', 'P99', 'max', 'a second', 'CPU'], ...rows]),
      '',
      table(ratios),
      ...cold,
      ...missing,
    ].join('\n');
  });
  return [...parts, ...skipped].join('\n\n');
}
