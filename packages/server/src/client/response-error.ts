import type { VoiceFlowError } from 'voiceflow-ml/core';
import { toError } from '../http/problem-error.ts';

/** The error for an unsuccessful response, from the server or a proxy (whose body may be HTML). */
export async function responseError(response: Response): Promise<VoiceFlowError> {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfter = Number.isFinite(seconds) ? seconds : undefined;
  const problem: unknown = await response.json().catch(() => undefined);
  if (typeof problem === 'object' && problem !== null) return toError(problem as Record<string, unknown>, retryAfter);
  const busy = response.status === 503 || response.status === 429;
  return toError(
    { code: busy ? 'overloaded' : 'backend-failed', detail: `the server responded with ${response.status}` },
    retryAfter,
  );
}
