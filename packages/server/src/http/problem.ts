import { type ErrorCode, VoiceFlowError } from 'voiceflow-ml/core';
import type { AppContext } from './context.ts';

/** The HTTP status and the title of each error code, by the contract. */
export const PROBLEMS: Readonly<Record<ErrorCode, Pick<Problem, 'status' | 'title'>>> = {
  'unsupported-format': { status: 415, title: 'Unsupported audio format' },
  'invalid-audio': { status: 422, title: 'Invalid audio' },
  'audio-too-long': { status: 413, title: 'Audio too long' },
  'audio-too-large': { status: 413, title: 'Audio too large' },
  'invalid-option': { status: 400, title: 'Invalid option' },
  'model-not-found': { status: 503, title: 'Model not found' },
  'model-corrupt': { status: 503, title: 'Model corrupt' },
  'model-incompatible': { status: 503, title: 'Model incompatible' },
  'backend-unavailable': { status: 503, title: 'Backend unavailable' },
  'backend-failed': { status: 500, title: 'Backend failed' },
  aborted: { status: 499, title: 'Aborted by the client' },
  overloaded: { status: 503, title: 'Overloaded' },
  'deadline-exceeded': { status: 504, title: 'Deadline exceeded' },
  unauthorized: { status: 401, title: 'Unauthorized' },
  'quota-exceeded': { status: 429, title: 'Quota exceeded' },
  closed: { status: 409, title: 'Closed' },
};

/** An `application/problem+json` body (RFC 9457). `error` repeats `detail` for clients of the Open Inference Protocol. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode | 'not-found' | 'method-not-allowed' | 'internal';
  readonly hint?: string;
  /** Whole seconds after which the request may be repeated, as in `Retry-After`, which an event stream cannot send. */
  readonly retryAfter?: number;
  readonly requestId: string;
  readonly error: string;
}

const TOO_LONG = 'Split the recording, or let the server accept longer ones (VOICEFLOW_AUDIO_SECONDS).';

/**
 * Converts any thrown value to a problem. What is not a `VoiceFlowError` is a defect, whose text goes only to the log.
 */
export function toProblem(error: unknown, requestId: string): Problem {
  if (!VoiceFlowError.isInstance(error)) {
    return problem(500, 'internal', 'Internal error', 'the server failed; see its log', requestId);
  }
  const { status, title } = PROBLEMS[error.code];
  // The SDK's hint names an option that a client does not have.
  const hint = error.code === 'audio-too-long' ? TOO_LONG : error.hint;
  const body = problem(status, error.code, title, error.message, requestId, hint);
  if (error.retryAfter === undefined) return body;
  return { ...body, retryAfter: Math.max(1, Math.ceil(error.retryAfter)) };
}

export function problem(
  status: number,
  code: Problem['code'],
  title: string,
  detail: string,
  requestId: string,
  hint?: string,
): Problem {
  return {
    type: `urn:voiceflow:error:${code}`,
    title,
    status,
    detail,
    code,
    hint,
    requestId,
    error: detail,
  };
}

/** The headers of the response for a problem, with `Retry-After` and `WWW-Authenticate` when applicable. */
export function problemHeaders(body: Problem): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'x-request-id': body.requestId,
    'cache-control': 'no-store',
  };
  if (body.retryAfter !== undefined) headers['retry-after'] = String(body.retryAfter);
  if (body.status === 401) headers['www-authenticate'] = 'Bearer realm="voiceflow"';
  return headers;
}

export function problemResponse(body: Problem): Response {
  return new Response(JSON.stringify(body), { status: body.status, headers: problemHeaders(body) });
}

/** The problem response for what is not an error of the SDK. */
export function respondProblem(
  c: AppContext,
  status: number,
  code: Problem['code'],
  title: string,
  detail: string,
  hint?: string,
): Response {
  return problemResponse(problem(status, code, title, detail, c.get('requestId'), hint));
}
