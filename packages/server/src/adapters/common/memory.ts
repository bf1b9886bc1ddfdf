import process from 'node:process';
import type { LogEntry } from '../../http/log.ts';
import type { ResolvedOptions } from './options.ts';

const MB = 1_000_000;
/** The server itself, and one worker with its model, measured under load (deploy/README.md). */
const SERVER_BYTES = 250 * MB;
const WORKER_BYTES = 170 * MB;
/** A body is in the server, which may have to try it again, and in its worker. */
const COPIES = 2;

/** What a server with these options may come to use. */
export function memoryNeeded({ workers, limits }: Pick<ResolvedOptions, 'workers' | 'limits'>): number {
  return SERVER_BYTES + workers * WORKER_BYTES + COPIES * limits.queueBytes;
}

/** The warning where the container's limit is lower: it would be killed by uploads that its own limits allow. */
export function memoryWarning(options: ResolvedOptions, limit = containerLimit()): LogEntry | undefined {
  const needed = memoryNeeded(options);
  if (limit === undefined || limit >= needed) return undefined;
  return {
    level: 'warn',
    message: 'memory limit',
    hint: `The limit of this container is ${Math.round(limit / MB)} MB, and ${options.workers} workers with ${Math.round(options.limits.queueBytes / MB)} MB of bodies may come to use ${Math.round(needed / MB)} MB. Lower VOICEFLOW_QUEUE_BYTES and VOICEFLOW_BODY_BYTES, or raise the limit.`,
  };
}

/** Of the control group, where there is one; a limit beyond what any machine has is none. */
function containerLimit(): number | undefined {
  if (typeof process.constrainedMemory !== 'function') return undefined;
  const limit = process.constrainedMemory();
  return limit > 0 && limit < 2 ** 48 ? limit : undefined;
}
