import { pumpWebStream } from '../http/body.ts';
import { type AppContext, type Exchange, exchangeOf } from '../http/exchange.ts';
import { problemResponse } from '../http/problem.ts';
import type { AppState } from '../state.ts';
import { siteProblem } from './site.ts';

/** Assigns each request an ID, counts it and logs it. During draining, tells clients to close their connections. */
export function observe(state: AppState) {
  const { options } = state;
  return async (c: AppContext, next: () => Promise<void>): Promise<void> => {
    const x = exchangeOf(c, options.pump ?? pumpWebStream, options);
    c.set('exchange', x);
    c.header('x-request-id', x.requestId);
    const forbiddenProblem = siteProblem(x, options);
    state.active++;
    try {
      if (forbiddenProblem === undefined) await next();
      else c.res = problemResponse(forbiddenProblem);
    } finally {
      state.active--;
    }
    if (state.draining) c.header('connection', 'close');
    record(x, state, c.res.status, countsItself(x, c.res));
  };
}

/** Whether the route counts the outcome and the time, which are known only at the end of its events. */
function countsItself({ path }: Exchange, response: Response): boolean {
  return path === '/v1/diarize' && response.headers.get('content-type')?.startsWith('text/event-stream') === true;
}

/** Counts and logs a request with its response. @param countedLater The route counts the outcome and the time. */
function record(x: Exchange, { metrics, log }: AppState, status: number, countedLater: boolean): void {
  const ms = performance.now() - x.startedAt;
  const { code, client, method, path, requestId } = x;
  const route = routeName(path);
  if (!countedLater) metrics.requestSeconds.observe(ms / 1000, { route });
  if (!countedLater && status !== 101)
    metrics.requests.add(1, { route, outcome: code ?? (status < 400 ? 'ok' : String(status)) });
  log({
    level: status >= 500 && status !== 503 ? 'error' : 'info',
    message: 'request',
    requestId,
    method,
    // Names of voices are names of people.
    path: path.startsWith('/v1/voices/') ? '/v1/voices/:name' : path.slice(0, 200),
    status,
    ms: Math.round(ms * 100) / 100,
    code,
    client,
  });
}

/** A label for the route; the number of values is limited for any path. */
function routeName(path: string): string {
  if (/^\/(v1\/(infer|diarize|embed|stream)|healthz|readyz|metrics|openapi\.json|docs)?$/.test(path)) return path;
  const jobs = /^\/v1\/(jobs(?:\/[^/]+(\/result|\/events)?)?|voices)/.exec(path);
  if (jobs !== null)
    return path.startsWith('/v1/voices')
      ? '/v1/voices'
      : jobs[1] === 'jobs'
        ? '/v1/jobs'
        : `/v1/jobs/:id${jobs[2] ?? ''}`;
  return path.startsWith('/v2') ? (path.endsWith('/infer') ? '/v2/infer' : '/v2') : 'other';
}
