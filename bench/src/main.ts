/** The program of the measurements: `node bench/dist/main.js COMMAND …`. */
import { END_OF_PART } from './inner.ts';
import { parts } from './parts.ts';
import { processIo, runBench } from './run.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // `once`: the first signal stops the started servers before the exit, a second one ends the process at once.
  process.once(signal, () => stop.abort(new Error(signal)));
}
const [name = '', ...rest] = process.argv.slice(2);
const part = parts[name];
const io = processIo(stop.signal);
if (part === undefined) process.exitCode = await runBench(process.argv.slice(2), io);
else {
  process.exitCode = await part.run(rest, io);
  io.out(END_OF_PART);
}
