import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MOST_OUTPUT = 256 * 1024 * 1024;
const PATIENCE = 240_000;

/** The built measurements, which every runtime can start. */
export const BENCH_SCRIPT = fileURLToPath(new URL('../dist/main.js', import.meta.url));

export interface ChildOptions {
  /** The runtime and what it needs before the script; this one when absent. */
  readonly command?: string;
  readonly before?: readonly string[];
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until it is given up. */
  readonly patience?: number;
}

/** Runs a part of the measurements in a process of its own and gives what it printed. */
export async function runPart(args: readonly string[], options: ChildOptions = {}): Promise<string> {
  const { command = process.execPath, before = [], signal, patience = PATIENCE } = options;
  const settings = {
    maxBuffer: MOST_OUTPUT,
    timeout: patience,
    killSignal: 'SIGKILL' as const,
    ...(signal && { signal }),
  };
  const { stdout } = await run(command, [...before, BENCH_SCRIPT, ...args], settings);
  return stdout;
}
