import { getPriority, setPriority } from 'node:os';
import process from 'node:process';

const NICEST = 19;
/** As this process was started. */
const own = process.platform === 'linux' ? getPriority() : 0;

/**
 * Lets the workers finish their runs before the server takes a core from them. With as many workers as cores, a server
 * that preempts at each packet makes every tenth run take twice as long; this way it wakes less often, for more
 * requests at a time (docs/decisions/). For a program of its own, once its workers are
 * there; on Linux, where this is a matter of one thread.
 */
export function yieldToWorkers(nice: number): void {
  if (process.platform === 'linux') change(process.pid, Math.min(own + nice, NICEST));
}

/** A worker started later is as nice as the server now is; gives it its due where that is allowed (CAP_SYS_NICE). */
export function unyield(worker: number | undefined): void {
  if (process.platform === 'linux' && worker !== undefined && getPriority() !== own) change(worker, own);
}

function change(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // Not allowed, or gone: all the same, only less punctual.
  }
}
