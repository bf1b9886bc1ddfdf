import type { JobsMount } from '@voiceflow-ml/jobs';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { admit, exchange, record, refuse } from './app/around.ts';
import { pumpWebStream } from './app/body.ts';
import { type Answer, type Exchange, HonoExchange, respond } from './app/exchange.ts';
import { jobsHost } from './app/jobs-host.ts';
import { problem, problemResponse, toResponse } from './app/problem.ts';
import { wrongSite } from './app/site.ts';
import { type AppContext, type AppEnv, type AppOptions, type AppState, createState } from './app/state.ts';
import { demoPage } from './demo/page.ts';
import { utf8 } from './jobs/bytes.ts';
import { docsPage } from './routes/docs.ts';
import { infer } from './routes/infer.ts';
import { openApi } from './routes/openapi.ts';
import { diarize, embed } from './routes/recording.ts';
import { stream } from './routes/stream.ts';
import { healthz, metrics, readyz } from './routes/system.ts';
import * as tensors from './routes/tensors.ts';

/** The server as a handler: `fetch` is all that a runtime needs. */
export interface VoiceFlowApp {
  readonly fetch: Hono<AppEnv>['fetch'];
  readonly hono: Hono<AppEnv>;
  /** `POST /v1/infer` without Hono, for an entry that can carry a request for less than `Request` and `Response` cost. */
  infer(x: Exchange): Promise<Answer>;
  /** Requests and live sessions under way. */
  readonly active: number;
  /** Becomes not ready, ends live sessions, and resolves when everything that was accepted has been answered. */
  drain(): Promise<void>;
}

/**
 * All routes of the contract around an engine. Imports nothing of any runtime.
 * @throws `invalid-option` for limits out of range.
 */
export function createApp(options: AppOptions): VoiceFlowApp {
  const state = createState(options);
  const app = new Hono<AppEnv>();
  const on = (handler: (c: AppContext, state: AppState) => Response | Promise<Response>) => (c: AppContext) =>
    handler(c, state);

  app.onError((error, c) => toResponse(refuse(c.var.exchange, state, error)));
  app.notFound((c) => {
    const text = `there is nothing at ${c.req.method} ${c.req.path.slice(0, 100)}`;
    return problemResponse(problem(404, 'not-found', 'Not found', text, c.var.exchange.requestId, 'See /docs.'));
  });
  app.use(observe(state));
  const origins = options.corsOrigins ?? [];
  if (origins.length > 0) app.use(corsFor(origins));
  const jobs = options.jobs?.(jobsHost(state));
  const guarded = guard(state);
  for (const path of ['/v1/*', '/v2', '/v2/', '/v2/models/*', '/metrics']) app.use(path, guarded);

  app.get('/healthz', on(healthz));
  app.get('/readyz', on(readyz));
  app.get('/metrics', on(metrics));
  const api = once(async () => openApi(options.version, state.limits, await jobs?.describe()));
  app.get(
    '/openapi.json',
    fixed(async () => utf8(JSON.stringify(await api())), { 'content-type': 'application/json' }),
  );
  app.get(
    '/docs',
    page(async () => docsPage(await api())),
  );
  app.get(
    '/',
    page(() => demoPage),
  );

  app.post('/v1/infer', async (c) => respond(c, await infer(c.var.exchange, state)));
  app.post('/v1/diarize', on(diarize));
  app.post('/v1/embed', on(embed));
  app.get('/v1/stream', on(stream));

  if (jobs !== undefined) app.route('/', jobs.app);

  // The specification's prose says /v2, its schema /v2/.
  for (const path of ['/v2', '/v2/']) app.get(path, on(tensors.serverMetadata));
  app.get('/v2/health/live', on(tensors.serverLive));
  app.get('/v2/health/ready', on(tensors.serverReady));
  for (const model of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    app.get(model, on(tensors.modelMetadata));
    app.get(`${model}/ready`, on(tensors.modelReady));
    app.post(`${model}/infer`, on(tensors.modelInfer));
  }
  // A known path with another method: 405, where a router would say 404.
  for (const path of new Set(app.routes.filter((r) => r.method !== 'ALL').map((r) => r.path))) {
    const methods = [...new Set(app.routes.filter((r) => r.path === path && r.method !== 'ALL').map((r) => r.method))];
    app.all(path, (c) => methodNotAllowed(c, methods));
  }

  return {
    fetch: app.fetch,
    hono: app,
    infer: (x) => exchange(x, state, infer),
    get active() {
      return state.active + state.sessions.size;
    },
    drain: () => drain(state, jobs),
  };
}

/** Names each request, counts it, logs it; while draining, asks clients to connect anew elsewhere. */
function observe(state: AppState) {
  const { pump = pumpWebStream } = state.options;
  return async (c: AppContext, next: () => Promise<void>): Promise<void> => {
    const x = new HonoExchange(c, pump, state.options);
    c.set('exchange', x);
    c.header('x-request-id', x.requestId);
    const wrong = wrongSite(x, state);
    state.active++;
    try {
      if (wrong === undefined) await next();
      else c.res = problemResponse(wrong);
    } finally {
      state.active--;
    }
    if (state.draining) c.header('connection', 'close');
    const streaming = c.res.headers.get('content-type')?.startsWith('text/event-stream') === true;
    record(x, state, c.res.status, streaming);
  };
}

/** Keys and quotas, before anything is read. */
function guard(state: AppState) {
  return async (c: AppContext, next: () => Promise<void>): Promise<void> => {
    // Browsers cannot set headers on a WebSocket, so there (alone) the key may be in the query, as in RFC 6750.
    const token = c.req.path === '/v1/stream' ? c.req.query('access_token') : undefined;
    const { exchange: x } = c.var;
    await admit(x, state, x.header('authorization') ?? (token === undefined ? undefined : `Bearer ${token}`));
    await next();
  };
}

function corsFor(origins: readonly string[]) {
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    allowMethods: ['GET', 'POST', 'DELETE'],
    allowHeaders: [
      'authorization',
      'content-type',
      'x-deadline-ms',
      'x-request-id',
      'idempotency-key',
      'inference-header-content-length',
    ],
    exposeHeaders: ['x-request-id', 'server-timing', 'retry-after', 'location', 'inference-header-content-length'],
    maxAge: 600,
  });
}

function methodNotAllowed(c: AppContext, methods: readonly string[]): Response {
  const text = `${c.req.path.slice(0, 100)} takes ${methods.join(', ')}, not ${c.req.method}`;
  const response = problemResponse(
    problem(405, 'method-not-allowed', 'Method not allowed', text, c.var.exchange.requestId),
  );
  response.headers.set('allow', methods.join(', '));
  return response;
}

/** Our own pages load nothing from elsewhere, run only their own script, and nothing may frame them. */
async function pagePolicy(html: string): Promise<string> {
  const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(script)));
  // blob: for the audio worklet that taps the microphone.
  const scripts = `script-src 'sha256-${btoa(String.fromCharCode(...digest))}' blob:`;
  return `default-src 'none'; ${scripts}; style-src 'unsafe-inline'; img-src 'self' data: blob:; media-src blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;
}

/** Makes what it makes when it is first asked for: some runtimes allow no such work while a module is loaded. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Answers all the same bytes: made once, however often they are asked for and not read. */
function fixed(make: () => Promise<Uint8Array<ArrayBuffer>>, headers: Readonly<Record<string, string>>) {
  const bytes = once(make);
  return async (c: AppContext) => c.body(await bytes(), 200, { ...headers });
}

function page(make: () => string | Promise<string>): (c: AppContext) => Promise<Response> {
  const answer = once(async () => {
    const html = await make();
    return {
      bytes: utf8(html),
      headers: {
        'content-type': 'text/html; charset=UTF-8',
        'content-security-policy': await pagePolicy(html),
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      },
    };
  });
  return async (c) => {
    const { bytes, headers } = await answer();
    return c.body(bytes, 200, headers);
  };
}

/** Of the time to drain: a job that takes longer is given back, which must be told to the database in the rest. */
const JOBS_DRAIN_SHARE = 0.8;

async function drain(state: AppState, jobs: JobsMount | undefined): Promise<void> {
  state.draining = true;
  for (const session of [...state.sessions]) session.end('draining');
  await jobs?.stop(state.limits.drainMs * JOBS_DRAIN_SHARE);
  const busy = () =>
    state.active + Object.values(state.queues).reduce((sum, queue) => sum + queue.waiting + queue.running, 0) > 0;
  while (busy()) await new Promise((resolve) => setTimeout(resolve, 10));
  await jobs?.close();
}
