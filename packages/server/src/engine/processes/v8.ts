import process from 'node:process';
import { setFlagsFromString } from 'node:v8';

/** How much the heap may grow, in percent of what is alive, before all of it is searched for garbage. */
const GROWTH = '--heap-growing-percent=1000';

/**
 * Bytes of bytecode that a function runs before V8 thinks of compiling it well: a seventh of the default. A server's
 * functions run once a request each, which by default leaves them uncompiled for thousands of requests.
 */
const INTERRUPT_BUDGET = '--interrupt-budget=10000';

const onNode = !('Bun' in globalThis) && !('Deno' in globalThis);

/** V8's flags for the command line of a worker process. From Node 22 on, V8 does not know this one and would not start. */
export const WORKER_FLAGS: readonly string[] =
  onNode && Number.parseInt(process.versions.node, 10) < 22 ? [INTERRUPT_BUDGET] : [];

/**
 * Has functions compiled soon, and gives the heap room to grow in the process that takes bodies. They are garbage within
 * milliseconds, but V8 counts them as if they were here to stay: under load it marked the whole heap every 60 windows,
 * which was a quarter of the process's time. This way it finds them by scavenging (every 32 MB).
 *
 * For a program of its own, before anything else: V8's flags are the whole process's.
 */
export function tuneServerProcess(): void {
  if (!onNode) return;
  setFlagsFromString(INTERRUPT_BUDGET);
  setFlagsFromString(GROWTH);
}
