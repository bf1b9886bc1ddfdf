import process from 'node:process';
import type { LogEntry } from '../../http/log.ts';
import type { ResolvedOptions } from './options.ts';

const MB = 1_000_000;
/** Memory of the server itself, and of one worker with its model, measured under load (deploy/README.md). */
const SERVER_BYTES = 250 * MB;
const WORKER_BYTES = 170 * MB;
/** A body is both in the server, which may have to retry it, and in its worker. */
const COPIES = 2;

/** The most memory that a server with these options may use, in bytes. */
export function memoryNeeded({ workers, limits }: Pick<ResolvedOptions, 'workers' | 'limits'>): number {
  return SERVER_BYTES + workers * WORKER_BYTES + COPIES * limits.queueBytes;
}

/** A warning when the container's limit is lower: uploads that the server's own limits allow could get it killed. */
export function memoryWarning(options: ResolvedOptions, limit = containerLimit()): LogEntry | undefined {
  const needed = memoryNeeded(options);
  if (limit === undefined || limit >= needed) return undefined;
  return {
    level: 'warn',
    message: 'memory limit',
    hint: `The limit of this container is ${Math.round(limit / MB)} MB, and ${options.workers} workers with ${Math.round(options.limits.queueBytes / MB)} MB of request bodies may use ${Math.round(needed / MB)} MB. Lower VOICEFLOW_QUEUE_BYTES and VOICEFLOW_BODY_BYTES, or raise the limit.`,
  };
}

/** The memory limit of the control group. A limit larger than any machine's memory counts as none. */
function containerLimit(): number | undefined {
  if (typeof process.constrainedMemory !== 'function') return undefined;
  const limit = process.constrainedMemory();
  return limit > 0 && limit < 2 ** 48 ? limit : undefined;
}
