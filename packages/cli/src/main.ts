/** @module The entry of the `voiceflow` process: handles signals, streams and exit codes around `run`. */
import { throwIfAborted } from 'voiceflow-ml/core';
import { removeUnfinished } from './files/write.ts';
import { processIo } from './io.ts';
import { run } from './run.ts';

const stop = new AbortController();
const io = processIo(() => stop.abort(new Error('the reader of standard output closed it')));
let interruptedBy: NodeJS.Signals | undefined;
let interruptedAt = 0;
/** The same signal may arrive twice within this time: from the terminal and from a parent program such as npx. */
const SAME_SIGNAL_MS = 1000;

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;
for (const signal of STOP_SIGNALS) process.on(signal, onSignal);

function onSignal(signal: NodeJS.Signals): void {
  if (interruptedBy !== undefined) {
    if (performance.now() - interruptedAt > SAME_SIGNAL_MS) endAtOnce(signal);
    return;
  }
  interruptedBy = signal;
  interruptedAt = performance.now();
  stop.abort(new Error(signal));
}

function handOverSignals(): void {
  throwIfAborted(stop.signal);
  for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
}

/** After this the process ends even if something, such as a pipe that nobody writes to, keeps it alive. */
const GRACE_MS = 2000;

/**
 * Ends the process on a later Ctrl-C and after `GRACE_MS`. `process.exit` would abort with code 134 during a run of
 * a native worker; the system's default handling of the signal ends the process without stopping its workers first.
 */
function endAtOnce(signal: NodeJS.Signals): void {
  removeUnfinished();
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

const code = await run(process.argv.slice(2), { io, signal: stop.signal, handOverSignals });
// 128 + the signal's number, as in shells. Not `process.exit`, so that pending output is still written.
process.exitCode = interruptedBy === undefined ? code : interruptedBy === 'SIGINT' ? 130 : 143;
if (interruptedBy !== undefined) {
  const signal = interruptedBy;
  setTimeout(() => endAtOnce(signal), GRACE_MS).unref();
}
