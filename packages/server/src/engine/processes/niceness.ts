import { getPriority, setPriority } from 'node:os';
import process from 'node:process';

const NICEST = 19;
/** The niceness with which this process was started. */
const own = process.platform === 'linux' ? getPriority() : 0;

/**
 * Raises the server's niceness, so that workers can finish their runs before the server takes a core from them. With as
 * many workers as cores, a server that preempts at each packet makes every tenth run take twice as long. A nicer server
 * wakes less often and handles more requests at a time (docs/decisions/009-priorities-of-server-and-workers.md). For
 * dedicated programs only, after the workers have started, and only on Linux, where niceness applies to a single
 * thread.
 */
export function yieldToWorkers(nice: number): void {
  if (process.platform === 'linux') change(process.pid, Math.min(own + nice, NICEST));
}

/** Resets the niceness of a worker started later, which inherits the server's, if this is permitted (CAP_SYS_NICE). */
export function resetNiceness(worker: number | undefined): void {
  if (process.platform === 'linux' && worker !== undefined && getPriority() !== own) change(worker, own);
}

function change(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // Not permitted, or the process has ended: everything still works, only with longer delays.
  }
}
