import { type ErrorCode, VoiceFlowError } from 'voiceflow-ml/core';
import type { PlainResponse } from './exchange.ts';

/** The HTTP status of each error code, by the contract. */
export const STATUS: Readonly<Record<ErrorCode, number>> = {
  'unsupported-format': 415,
  'invalid-audio': 422,
  'audio-too-long': 413,
  'audio-too-large': 413,
  'invalid-option': 400,
  'model-not-found': 503,
  'model-corrupt': 503,
  'model-incompatible': 503,
  'backend-unavailable': 503,
  'backend-failed': 500,
  aborted: 499,
  overloaded: 503,
  'deadline-exceeded': 504,
  unauthorized: 401,
  'quota-exceeded': 429,
  closed: 409,
};

const TITLES: Readonly<Record<ErrorCode, string>> = {
  'unsupported-format': 'Unsupported audio format',
  'invalid-audio': 'Invalid audio',
  'audio-too-long': 'Audio too long',
  'audio-too-large': 'Audio too large',
  'invalid-option': 'Invalid option',
  'model-not-found': 'Model not found',
  'model-corrupt': 'Model corrupt',
  'model-incompatible': 'Model incompatible',
  'backend-unavailable': 'Backend unavailable',
  'backend-failed': 'Backend failed',
  aborted: 'Aborted by the client',
  overloaded: 'Overloaded',
  'deadline-exceeded': 'Deadline exceeded',
  unauthorized: 'Unauthorized',
  'quota-exceeded': 'Quota exceeded',
  closed: 'Closed',
};

/** An `application/problem+json` body (RFC 9457). `error` repeats `detail` for clients of the Open Inference Protocol. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode | 'not-found' | 'method-not-allowed' | 'internal';
  readonly hint?: string;
  readonly requestId: string;
  readonly error: string;
}

/**
 * Converts any thrown value to a problem. What is not a `VoiceFlowError` is a defect, whose text goes only to the log.
 */
export function toProblem(error: unknown, requestId: string): Problem {
  if (!VoiceFlowError.isInstance(error)) {
    return problem(500, 'internal', 'Internal error', 'the server failed; see its log', requestId);
  }
  return problem(STATUS[error.code], error.code, TITLES[error.code], error.message, requestId, error.hint);
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

/** The response for a problem, with `Retry-After` and `WWW-Authenticate` when applicable. */
export function problemPlainResponse(body: Problem, retryAfter?: number): PlainResponse {
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'x-request-id': body.requestId,
    'cache-control': 'no-store',
  };
  if (retryAfter !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfter)));
  if (body.status === 401) headers['www-authenticate'] = 'Bearer realm="voiceflow"';
  return { status: body.status, headers, body: JSON.stringify(body) };
}

export function problemResponse(problem: Problem, retryAfter?: number): Response {
  return toResponse(problemPlainResponse(problem, retryAfter));
}

export function toResponse({ status, headers, body }: PlainResponse): Response {
  return new Response(body, { status, headers });
}
