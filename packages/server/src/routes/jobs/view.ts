import type { Job } from '@voiceflow-ml/jobs';
import { type Problem, toProblem } from '../../http/problem.ts';
import { toError } from '../../http/problem-error.ts';

/** A job as in API responses: its problem in the server's format, its progress with the remaining time. */
export function viewOf(job: Job, requestId: string, result?: unknown) {
  const { seq: _, losses: __, runningSeconds, progress, problem, ...rest } = job;
  return {
    ...rest,
    progress: progress === null ? null : { ...progress, ...share(progress, runningSeconds) },
    problem: problem === null ? null : problemOf(problem, requestId),
    result,
  };
}

export function problemOf(stored: NonNullable<Job['problem']>, requestId: string): Problem {
  return toProblem(toError({ ...stored }), requestId);
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
