/** The measurements as a process of their own: `node bench/dist/main.js COMMAND …`. */
import { parts } from './parts.ts';
import { processIo, runBench } from './run.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Once: servers that were started are stopped on the way out. A second one ends the process at once.
  process.once(signal, () => stop.abort(new Error(signal)));
}
const [name = '', ...rest] = process.argv.slice(2);
const part = parts[name];
const io = processIo(stop.signal);
process.exitCode = await (part === undefined ? runBench(process.argv.slice(2), io) : part(rest, io));
