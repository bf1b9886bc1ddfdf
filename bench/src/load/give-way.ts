import { getPriority, setPriority } from 'node:os';

/** How much nicer the generator is than what it loads, which gets nine times its share of a core that both want. */
const NICER = 10;
const NICEST = 19;

/**
 * Runs a load whose generator gives way to the server. It would be on another machine; here it shares the cores, and by
 * taking one in the middle of a run of the network it would add to the server's times what is its own. The CPU that it
 * takes is stated and subtracted in any case. Where a process may not become less nice again (it needs CAP_SYS_NICE),
 * it stays so.
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

/** Under way: the first one changes the priority, and the last one changes it back. */
let loads = 0;
let own = 0;

function change(priority: number): void {
  try {
    setPriority(priority);
  } catch {
    // Not allowed: it is as it is.
  }
}
