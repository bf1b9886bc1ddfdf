/** @module The process `voiceflow`: signals, streams and exit codes around `run`. */
import { removeUnfinished } from './files/write.ts';
import { processIo } from './io.ts';
import { run } from './run.ts';

const stop = new AbortController();
const io = processIo(() => stop.abort(new Error('the reader of standard output has gone')));
let interruptedBy: NodeJS.Signals | undefined;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interruptedBy !== undefined) endAtOnce(signal);
    interruptedBy = signal;
    stop.abort(new Error(signal));
  });
}

/** After this the process ends even if something, such as a pipe that nobody writes to, still keeps it. */
const GRACE_MS = 2000;

/**
 * The second Ctrl-C, and the end of patience. Not `process.exit`, which aborts with code 134 while a native worker is
 * in a run: the system's own handling of the signal ends the process without tearing its workers down.
 */
function endAtOnce(signal: NodeJS.Signals): void {
  removeUnfinished();
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

const code = await run(process.argv.slice(2), { io, signal: stop.signal });
// 128 + the signal's number, as shells have it. Set, not `process.exit`: output that is under way is still written.
process.exitCode = interruptedBy === undefined ? code : interruptedBy === 'SIGINT' ? 130 : 143;
if (interruptedBy !== undefined) {
  const signal = interruptedBy;
  setTimeout(() => endAtOnce(signal), GRACE_MS).unref();
}
