/** The program of the measurements: `node bench/dist/main.js COMMAND …`. */
import { outliveReaders } from '@voiceflow-ml/server/args';
import { END_OF_PART } from './inner.ts';
import { parts } from './parts.ts';
import { processIo, runBench } from './run.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // `once`: the first signal stops the started servers before the exit, a second one ends the process at once.
  process.once(signal, () => stop.abort(new Error(signal)));
}
let readerGone = false;
outliveReaders(
  () => {
    readerGone = true;
    stop.abort(new Error('the reader of standard output closed it'));
  },
  (error) => {
    process.stderr.write(`cannot write to standard output: ${error.message}\n`);
    process.exit(1);
  },
);
const [name = '', ...rest] = process.argv.slice(2);
const part = parts[name];
const io = processIo(stop.signal);
if (part === undefined) {
  const code = await runBench(process.argv.slice(2), io);
  // Work that a reader stopped by closing the pipe has not failed.
  process.exitCode = readerGone && code === 130 ? 0 : code;
} else {
  process.exitCode = await part.run(rest, io);
  io.out(END_OF_PART);
}
