import { writeSync } from 'node:fs';
import { MARK_AT, SHARED_FD } from './shared-slots.ts';

/**
 * @module Which job a worker was computing when it died. A worker has several jobs at once, and a native crash leaves no
 * word: so it notes in the shared memory whose run it begins, and the server reads that when the worker has ended.
 */

const ids = new WeakMap<AbortSignal, number>();
const note = new Uint32Array(1);

/** The job that a run with this signal belongs to. */
export function nameJob(signal: AbortSignal, id: number): void {
  ids.set(signal, id);
}

/** Notes that a run begins; 0 for what is no job, such as live audio. Does nothing without shared memory. */
export function noteRun(signal: AbortSignal | undefined): void {
  note[0] = (signal && ids.get(signal)) ?? 0;
  try {
    writeSync(SHARED_FD, note, 0, 4, MARK_AT);
  } catch {
    // Bun, Deno, or a system without tmpfs: then nobody is blamed.
  }
}
