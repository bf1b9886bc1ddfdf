/** @module The programs: read options from the command line, run until a stop signal, return an exit code. */
import process from 'node:process';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { asksForHelp, outliveReaders } from '../../args/index.ts';
import { yieldToWorkers } from '../../engine/processes/niceness.ts';
import { flushLog } from './log-lines.ts';
import { parseServeArgs, SERVE_HELP } from './options.ts';
import type { EntryOptions, RunningServer } from './start-server.ts';

/**
 * The server's program: reads options from the command line, drains on the first SIGTERM or SIGINT, exits at once on
 * the second. Resolves with the exit code at the end; the workers have ended by then, so the process may exit at once.
 */
export function runServe(
  start: (options: EntryOptions) => Promise<RunningServer>,
  args: readonly string[],
): Promise<number> {
  return runProgram(args, SERVE_HELP, async () => {
    const { nice, ...options } = parseServeArgs(args, process.env);
    const stopped = untilStopSignal();
    const server = await start(options);
    yieldToWorkers(nice);
    process.stderr.write(`VoiceFlow listens on ${server.url}\n`);
    await stopped;
    await server.close();
  });
}

/** Prints the help if asked to, or runs a program to its end, flushes the log and prints errors. @returns the exit code. */
export async function runProgram(args: readonly string[], help: string, program: () => Promise<void>): Promise<number> {
  process.once('exit', flushLog);
  outliveReaders();
  try {
    if (asksForHelp(args)) process.stdout.write(help);
    else await program();
    return 0;
  } catch (error) {
    const hint = hintOf(error);
    const told = hint === undefined ? '' : ` (${hint})`;
    process.stderr.write(`voiceflow: ${error instanceof Error ? error.message : String(error)}${told}\n`);
    return VoiceFlowError.isInstance(error) && error.code === 'invalid-option' ? 2 : 1;
  }
}

/** What to do about an error that ends a program. */
function hintOf(error: unknown): string | undefined {
  if (VoiceFlowError.isInstance(error)) {
    // The hints of temporary errors are for clients of the server.
    const isTemporary = error.retryAfter !== undefined;
    return isTemporary
      ? 'Check the address in the options or the environment, and that it can be reached.'
      : error.hint;
  }
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  if (code === 'EADDRINUSE') return 'Another program uses this port: choose another one with --port.';
  if (code === 'EADDRNOTAVAIL') return 'This machine does not have this address: choose another one with --host.';
  if (code === 'EACCES' && syscall === 'listen') return 'Choose another port with --port, above 1023.';
  return undefined;
}

/**
 * The same stop signal may arrive twice within this time: from the terminal's process group and from a parent program.
 */
const SAME_SIGNAL_MS = 1000;

/**
 * Resolves on the first SIGTERM or SIGINT. A later one ends the process at once. Call it before the start, so that a
 * signal during the start is not lost.
 */
export function untilStopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const stop = () => {
      first ??= performance.now();
      if (performance.now() - first > SAME_SIGNAL_MS) process.exit(130);
      resolve();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}
