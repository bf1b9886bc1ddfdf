import { abortError, type ErrorCode, type ErrorDetails, VoiceFlowError } from 'voiceflow-ml/core';
import { PROBLEMS } from '../http/problem.ts';
import { toError } from '../http/problem-error.ts';

/** An error of a request to a server. */
export class RequestError extends VoiceFlowError {
  /** The HTTP status; 0 when the connection failed. */
  readonly status: number;

  constructor(code: ErrorCode, message: string, details: ErrorDetails & { readonly status: number }) {
    super(code, message, details);
    this.status = details.status;
  }

  /** Whether the same request may succeed later. */
  static isTemporary(error: unknown): error is RequestError {
    return error instanceof RequestError && (error.status === 0 || error.status === 429 || error.status >= 500);
  }
}

/** The error for an unsuccessful response, from the server or a proxy (whose body may be HTML). */
export async function responseError(response: Response): Promise<RequestError> {
  const { status, headers } = response;
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  const retryAfter = Number.isFinite(seconds) ? seconds : undefined;
  const problem: unknown = await response.json().catch(() => undefined);
  const busy = status === 503 || status === 429;
  const told =
    typeof problem === 'object' && problem !== null
      ? problem
      : { code: busy ? 'overloaded' : 'backend-failed', detail: `the server responded with ${status}` };
  return problemError({ ...told, status, retryAfter });
}

/** The error for a problem, also one that arrives as an event, after the response has begun with status 200. */
export function problemError(problem: Readonly<Record<string, unknown>>): RequestError {
  const { status, retryAfter } = problem;
  const { code, message, hint } = toError(problem);
  return new RequestError(code, message, {
    hint,
    retryAfter: typeof retryAfter === 'number' ? retryAfter : undefined,
    status: typeof status === 'number' ? status : PROBLEMS[code].status,
  });
}

/** The message for a response that did not arrive as a whole. */
export const LOST = 'the connection was lost before the response ended';

/** The error of a request whose connection failed: before, or while its response arrived. */
export function connectionError(error: unknown, signal: AbortSignal | undefined, message: string): VoiceFlowError {
  if (signal?.aborted) return abortError(signal);
  if (VoiceFlowError.isInstance(error)) return error;
  return new RequestError('backend-failed', message, {
    hint: 'Check the address and that the server is running.',
    cause: error,
    status: 0,
  });
}

/**
 * The body of a response as text.
 * @throws RequestError when the connection is lost; `aborted`.
 */
export function textOf(response: Response, signal: AbortSignal | undefined): Promise<string> {
  return response.text().catch((error: unknown) => {
    throw connectionError(error, signal, LOST);
  });
}

/**
 * The body of a response as JSON.
 * @throws RequestError when the connection is lost, or the body is not JSON; `aborted`.
 */
export async function jsonOf<T>(response: Response, signal: AbortSignal | undefined): Promise<T> {
  const text = await textOf(response, signal);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RequestError('backend-failed', `the server sent "${text.slice(0, 60)}", which is not JSON`, {
      hint: 'Check that the address is of a VoiceFlow server.',
      cause,
      status: response.status,
    });
  }
}
