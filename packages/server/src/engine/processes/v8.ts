import { setFlagsFromString } from 'node:v8';

/** How much the heap may grow, in percent of what is alive, before all of it is searched for garbage. */
const GROWTH_PERCENT = 1000;

/** Bytes of bytecode that a function runs before V8 thinks of compiling it well: a seventh of the default. */
const INTERRUPT_BUDGET = 10_000;

/**
 * Has functions compiled soon: a server's run once a request each, which by default leaves them uncompiled for thousands
 * of requests. To be called before anything else.
 */
export function compileSoon(): void {
  setFlag(`--interrupt-budget=${INTERRUPT_BUDGET}`);
}

/**
 * Gives the heap room to grow, in the process that takes bodies. They are garbage within milliseconds, but V8 counts
 * them as if they were here to stay: under load it marked the whole heap every 60 windows, which was a quarter of the
 * process's time. This way it finds them by scavenging (every 32 MB). To be called before anything else.
 */
export function leaveRoomForBodies(): void {
  setFlag(`--heap-growing-percent=${GROWTH_PERCENT}`);
}

function setFlag(flag: string): void {
  if (!('Bun' in globalThis) && !('Deno' in globalThis)) setFlagsFromString(flag);
}
