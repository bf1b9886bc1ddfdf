import type { Job } from '../queue/types.ts';
import type { JobsHost } from './host.ts';

/** A job as in API responses: its problem in the server's format, its progress with the remaining time. */
export function viewOf(job: Job, host: JobsHost, requestId: string, result?: unknown) {
  const { seq: _, losses: __, runningSeconds, progress, problem, ...rest } = job;
  return {
    ...rest,
    progress: progress === null ? null : { ...progress, ...share(progress, runningSeconds) },
    problem: problem === null ? null : host.problem(problem, requestId),
    result,
  };
}

/** Below this share the speed so far is too unreliable for an estimate. */
const LEAST_SHARE = 0.02;

function share({ done, total }: NonNullable<Job['progress']>, runningSeconds: number | null) {
  if (total === undefined || total <= 0) return {};
  const fraction = Math.min(1, done / total);
  if (!runningSeconds || fraction < LEAST_SHARE) return { fraction };
  return { fraction, etaSeconds: Math.round((runningSeconds * (1 - fraction) * 10) / fraction) / 10 };
}

export function hasEnded({ state }: Pick<Job, 'state'>): boolean {
  return state !== 'queued' && state !== 'running';
}
