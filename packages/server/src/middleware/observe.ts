import type { AppContext } from '../http/context.ts';
import type { AppState } from '../state.ts';
import { siteProblem } from './site.ts';

/** Assigns each request an ID, counts it and logs it. During draining, tells clients to close their connections. */
export function observe(state: AppState) {
  return async (c: AppContext, next: () => Promise<void>): Promise<void> => {
    const requestId = requestIdOf(c.req.header('x-request-id'));
    c.set('requestId', requestId);
    c.set('startedAt', performance.now());
    c.header('x-request-id', requestId);
    const forbidden = siteProblem(c, state.options);
    state.active++;
    try {
      if (forbidden === undefined) await next();
      else c.res = forbidden;
    } finally {
      state.active--;
    }
    if (state.draining) c.header('connection', 'close');
    record(c, state);
  };
}

/** The client's ID if it is safe for logs and headers, or a new one. */
function requestIdOf(header: string | undefined): string {
  return header !== undefined && /^[\w.:-]{1,64}$/.test(header) ? header : crypto.randomUUID();
}

/** Counts and logs a request with its response. */
function record(c: AppContext, { metrics, log }: AppState): void {
  const ms = performance.now() - c.get('startedAt');
  const { method, path } = c.req;
  const { status } = c.res;
  const code = c.get('code');
  const route = routeName(path);
  // This route counts the outcome and the time itself, which are known only at the end of its events.
  const isEvents = path === '/v1/diarize' && c.res.headers.get('content-type')?.startsWith('text/event-stream');
  if (!isEvents) metrics.requestSeconds.observe(ms / 1000, { route });
  if (!isEvents && status !== 101)
    metrics.requests.add(1, { route, outcome: code ?? (status < 400 ? 'ok' : String(status)) });
  log({
    level: status >= 500 && status !== 503 ? 'error' : 'info',
    message: 'request',
    requestId: c.get('requestId'),
    method,
    // Names of voices are names of people.
    path: path.startsWith('/v1/voices/') ? '/v1/voices/:name' : path.slice(0, 200),
    status,
    ms: Math.round(ms * 100) / 100,
    code,
    client: c.get('client'),
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
