import type { AppContext } from '../http/context.ts';
import { problemResponse, respondProblem, toProblem } from '../http/problem.ts';
import type { AppState } from '../state.ts';

/** The problem response for an error that a handler threw. */
export function refuse(c: AppContext, { metrics, log }: AppState, error: unknown): Response {
  const requestId = c.get('requestId');
  const body = toProblem(error, requestId);
  c.set('code', body.code);
  metrics.refusals.add(1, { code: body.code });
  if (body.code === 'internal') {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log({ level: 'error', message: 'internal error', requestId, error: text });
  }
  return problemResponse(body);
}

/** The response for an unknown path, and for a job, a voice or a file that does not exist. */
export function notFound(c: AppContext): Response {
  const text = `nothing was found at ${c.req.path.slice(0, 100)} for ${c.req.method}`;
  return respondProblem(c, 404, 'not-found', 'Not found', text, 'See /docs.');
}

/** The response for a known path with another method. */
export function methodNotAllowed(c: AppContext, methods: readonly string[]): Response {
  const text = `${c.req.path.slice(0, 100)} accepts ${methods.join(', ')}, received ${c.req.method}`;
  const response = respondProblem(c, 405, 'method-not-allowed', 'Method not allowed', text);
  response.headers.set('allow', methods.join(', '));
  return response;
}
