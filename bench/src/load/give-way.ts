import { getPriority, setPriority } from 'node:os';

/** Niceness of the generator relative to the server, which then gets nine times its share of a contended core. */
const NICER = 10;
const NICEST = 19;

/**
 * Runs a load whose generator gives the server priority. Normally the generator would be on another machine; here it
 * shares the cores, and by taking one during a run of the network it would increase the server's times. Its CPU time is
 * reported and subtracted in any case. Where the niceness cannot be reset (this needs CAP_SYS_NICE), it stays raised.
 */
export async function givingWay<T>(load: () => Promise<T>): Promise<T> {
  if (loads++ === 0) {
    own = getPriority();
    change(Math.min(own + NICER, NICEST));
  }
  try {
    return await load();
  } finally {
    if (--loads === 0) change(own);
  }
}

/** Number of active loads. The first one changes the priority, the last one resets it. */
let loads = 0;
let own = 0;

function change(priority: number): void {
  try {
    setPriority(priority);
  } catch {
    // Not permitted: the priority stays unchanged.
  }
}
