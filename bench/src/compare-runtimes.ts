import { type ComparisonResult, coldStartContenders } from './backends.ts';
import type { BenchIo } from './command.ts';
import { runPart } from './inner.ts';
import { findRuntimes, type Runtime } from './runtimes.ts';
import { type Summary, summarize } from './stats/summary.ts';

const COLD_STARTS = 5;
const COLD_START_TIMEOUT_MS = 60_000;

/** The comparison in one runtime, with figures that must be measured from outside the process. */
interface RuntimeResult extends ComparisonResult {
  /** Milliseconds from starting the process to its first result. */
  readonly coldStart: Readonly<Partial<Record<(typeof coldStartContenders)[number], Summary>>>;
}

export interface BackendsResult {
  readonly runtimes: readonly RuntimeResult[];
  readonly skipped: readonly string[];
}

/** Runs the comparison in each runtime, in a separate process. */
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
      const inside = await runPart(['inside', '--iterations', String(iterations)], { ...runtime, signal: io.signal });
      runtimes.push({ ...(JSON.parse(inside) as ComparisonResult), coldStart: await coldStarts(runtime, io.signal) });
    } catch (error) {
      io.signal?.throwIfAborted();
      skipped.push(`${runtime.name} failed: ${(error instanceof Error ? error.message : String(error)).slice(0, 500)}`);
    }
  }
  return { runtimes, skipped };
}

async function coldStarts(runtime: Runtime, signal?: AbortSignal): Promise<RuntimeResult['coldStart']> {
  const samples = coldStartContenders.map((): number[] => []);
  for (let round = 0; round < COLD_STARTS; round++) {
    for (const [at, engine] of coldStartContenders.entries()) {
      const start = performance.now();
      await runPart(['cold-start', '--engine', engine], { ...runtime, signal, timeoutMs: COLD_START_TIMEOUT_MS });
      samples[at]?.push(performance.now() - start);
    }
  }
  return Object.fromEntries(coldStartContenders.map((engine, at) => [engine, summarize(samples[at] ?? [])]));
}
