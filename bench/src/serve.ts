/** The measures of the server: `node bench/dist/serve.js NAME [options]`. Each prints its verdict and exits with 1 when it is missed. */
import type { BenchIo } from './args.ts';
import { processIo } from './run.ts';
import { sessions, slow } from './serve-clients.ts';
import { chaos, drain } from './serve-failures.ts';
import { soak } from './serve-soak.ts';
import { bareLoop, throughput } from './serve-throughput.ts';

type Measure = (args: readonly string[], io: BenchIo) => Promise<number>;

const measures: Readonly<Record<string, { readonly summary: string; readonly run: Measure }>> = {
  throughput: { summary: 'POST /v1/infer against bare loops: throughput, latency, one client', run: throughput },
  chaos: { summary: 'workers that throw, hang or die every other second', run: chaos },
  drain: { summary: 'SIGTERM under load, 20 times (--on node|bun|deno)', run: drain },
  slow: { summary: 'a healthy client beside 500 slow sockets', run: slow },
  sessions: { summary: '200 live sessions in real time, then 1,000 abrupt ends', run: sessions },
  soak: {
    summary: 'event-loop lag during the upload of an hour; memory over 20 minutes of windows, recordings and sessions',
    run: soak,
  },
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
