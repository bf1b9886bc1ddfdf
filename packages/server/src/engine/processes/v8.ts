import process from 'node:process';

/**
 * @module V8 flags for the command lines of our own processes. They are never set at run time, because they would apply
 * to everything else in the process, and Node warns against changing them after V8 has started.
 */

/**
 * Growth of the heap, in percent of live data, before a full garbage collection. Bodies become garbage within
 * milliseconds, but V8 counts them like long-lived data: under load it marked the whole heap every 60 windows, which
 * took a quarter of the server process's time. With this flag, scavenging (every 32 MB) collects them.
 */
const GROWTH = '--heap-growing-percent=1000';

/**
 * Bytes of bytecode that a function runs before V8 considers optimizing it: a seventh of the default. A server's
 * functions run once per request, which by default leaves them unoptimized for thousands of requests.
 */
const INTERRUPT_BUDGET = '--interrupt-budget=10000';

const onNode = !('Bun' in globalThis) && !('Deno' in globalThis);

/** V8 flags for a worker process. From Node 22 on, V8 does not know this flag and would not start. */
export const WORKER_FLAGS: readonly string[] =
  onNode && Number.parseInt(process.versions.node, 10) < 22 ? [INTERRUPT_BUDGET] : [];

/** V8 flags for the command line of a server program: `node ${SERVER_FLAGS.join(' ')} program.js`. */
export const SERVER_FLAGS: readonly string[] = onNode ? [GROWTH, ...WORKER_FLAGS] : [];

/** The part of Node's `process` that is used. */
export interface OwnProcess extends Pick<typeof process, 'execPath' | 'execArgv' | 'argv' | 'env' | 'platform'> {
  readonly connected?: boolean | undefined;
  /** Node ≥ 22.15, but not on Windows. */
  readonly execve?: ((file: string, args: string[], env: Record<string, string>) => never) | undefined;
}

/**
 * Restarts the program in the same process with `SERVER_FLAGS` on its command line. Called first in our own programs.
 * If Node cannot do this (20, Windows), or a parent has an IPC channel to this process, it continues without the flags:
 * this costs 1.4 times the CPU in the server process, 7 % in total.
 */
export function restartWithFlags(own: OwnProcess = process): void {
  const missing = SERVER_FLAGS.filter((flag) => !own.execArgv.includes(flag));
  if (missing.length === 0 || own.execve === undefined || own.platform === 'win32' || own.connected === true) return;
  const env = Object.fromEntries(
    Object.entries(own.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  own.execve(own.execPath, [own.execPath, ...missing, ...own.execArgv, ...own.argv.slice(1)], env);
}
