import { type ErrorCode, VoiceFlowError } from 'voiceflow-ml/core';
import { STATUS } from '../http/problem.ts';

/** A problem of the server as the error that the SDK would throw. */
export function toError(problem: Readonly<Record<string, unknown>>, retryAfter?: number): VoiceFlowError {
  const { code, detail, message, hint } = problem;
  const text = [detail, message].find((each) => typeof each === 'string') ?? 'the server gave no reason';
  return new VoiceFlowError(isCode(code) ? code : 'backend-failed', String(text), {
    ...(typeof hint === 'string' ? { hint } : {}),
    retryAfter,
  });
}

/** The error of a response that is no success, whoever gave it (a proxy's HTML too). */
export async function responseError(response: Response): Promise<VoiceFlowError> {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfter = Number.isFinite(seconds) ? seconds : undefined;
  const problem: unknown = await response.json().catch(() => undefined);
  if (typeof problem === 'object' && problem !== null) return toError(problem as Record<string, unknown>, retryAfter);
  const busy = response.status === 503 || response.status === 429;
  return toError(
    { code: busy ? 'overloaded' : 'backend-failed', detail: `the server answered ${response.status}` },
    retryAfter,
  );
}

function isCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(STATUS, code);
}
