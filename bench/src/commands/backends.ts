import { type BenchCommand, choiceFlag, countFlag, parseFlags } from '../args.ts';
import { type BackendsResult, measureBackends } from '../compare-runtimes.ts';
import { figures, ms, table } from '../format.ts';

const FLAGS = { iterations: 'string', runtimes: 'string', json: 'boolean' } as const;

export const backends: BenchCommand = {
  summary: 'native against WASM, batches, cold start, on Node, Bun and Deno (mitata)',
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

function formatBackends({ runtimes, skipped }: BackendsResult): string {
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
