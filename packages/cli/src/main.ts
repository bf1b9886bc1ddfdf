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

/**
 * Ends the process by the signal, as shells expect of an interrupted command (they report 130 or 143). `process.exit`
 * would abort with code 134 during a run of a native worker, and waiting for the end of all work can take forever: a
 * pipe that nobody writes to is never closed, and Node 20 can hang while it compiles WebAssembly (nodejs/node#54918).
 */
function endAtOnce(signal: NodeJS.Signals): void {
  removeUnfinished();
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

const code = await run(process.argv.slice(2), { io, signal: stop.signal, handOverSignals });
process.exitCode = code;
// All output has been written.
if (interruptedBy !== undefined) endAtOnce(interruptedBy);
