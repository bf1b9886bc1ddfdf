/** The measures of the server: `node bench/dist/serve.js NAME [options]`. Each prints its verdict and exits with 1 when it is missed. */
import type { BenchIo } from './args.ts';
import { processIo } from './run.ts';
import { bareLoop, throughput } from './serve-throughput.ts';

type Measure = (args: readonly string[], io: BenchIo) => Promise<number>;

const measures: Readonly<Record<string, { readonly summary: string; readonly run: Measure }>> = {
  throughput: { summary: 'POST /v1/infer against bare loops: throughput, latency, one client', run: throughput },
};

/** Parts that measures start in processes of their own. */
const parts: Readonly<Record<string, Measure>> = { 'bare-loop': bareLoop };

const [name = '', ...args] = process.argv.slice(2);
const run = measures[name]?.run ?? parts[name];
if (run === undefined) {
  const lines = Object.entries(measures).map(([each, { summary }]) => `  ${each.padEnd(12)} ${summary}`);
  process.stderr.write(`Usage: node bench/dist/serve.js NAME [options]\n\n${lines.join('\n')}\n`);
  process.exitCode = 2;
} else {
  process.exitCode = await run(args, processIo());
}
