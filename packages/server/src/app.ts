import type { JobsMount } from '@voiceflow-ml/jobs';
import { Hono } from 'hono';
import { html as demoPage } from '../page/build.ts?page';
import type { AppEnv } from './http/context.ts';
import { corsFor } from './middleware/cors.ts';
import { guard } from './middleware/guard.ts';
import { observe } from './middleware/observe.ts';
import { methodNotAllowed, notFound, refuse } from './middleware/problems.ts';
import { allRoutes, apiRoutes } from './routes/api.ts';
import { described } from './routes/describe.ts';
import { openApi } from './routes/docs/document.ts';
import { docsPage } from './routes/docs/page.ts';
import { JOBS_DRAIN_SHARE, queuedRecordings } from './routes/jobs/recordings.ts';
import { fixed, once, page } from './routes/pages.ts';
import { DEMO, DOCS, OPENAPI } from './routes/system/schema.ts';
import { type AppOptions, type AppState, createState } from './state.ts';

/** The server as a handler. A runtime needs only `fetch`. */
export interface VoiceFlowApp {
  readonly fetch: Hono<AppEnv>['fetch'];
  readonly hono: Hono<AppEnv>;
  /** Number of active requests and live sessions. */
  readonly active: number;
  /**
   * Becomes not ready, ends live sessions, stops the work on jobs, and resolves when all accepted requests have their
   * responses. The database of jobs stays open for requests that still arrive: whoever mounted the jobs closes it.
   */
  drain(): Promise<void>;
}

/**
 * Creates all routes of the contract around an engine. Imports nothing of any runtime.
 * @throws `invalid-option` for limits out of range.
 */
export function createApp(options: AppOptions): VoiceFlowApp {
  const state = createState(options);
  const app = new Hono<AppEnv>();

  app.onError((error, c) => refuse(c, state, error));
  app.notFound(notFound);
  app.use(observe(state));
  const origins = options.corsOrigins ?? [];
  if (origins.length > 0) app.use(corsFor(origins));
  const { registry, log } = state;
  const jobs = options.jobs?.({ recordings: queuedRecordings(state), registry, log });
  const guarded = guard(state);
  for (const path of ['/v1/*', '/v2', '/v2/', '/v2/models/*', '/metrics']) app.use(path, guarded);

  app.route('/', jobs === undefined ? apiRoutes(state) : allRoutes(state, jobs));
  const api = once(async () => openApi(app, options.version));
  const description = fixed(
    async () => JSON.stringify(await api()),
    async () => ({ 'content-type': 'application/json' }),
  );
  const docs = page(async () => docsPage(await api()));
  const demo = page(async () => (jobs === undefined ? demoPage : demoPage.replace('<body>', '<body data-jobs>')));
  app.get('/openapi.json', described(state, OPENAPI, description));
  app.get('/docs', described(state, DOCS, docs));
  app.get('/', described(state, DEMO, demo));

  // A known path with another method gets 405; the router alone would respond with 404.
  for (const path of new Set(app.routes.filter((r) => r.method !== 'ALL').map((r) => r.path))) {
    const methods = [...new Set(app.routes.filter((r) => r.path === path && r.method !== 'ALL').map((r) => r.method))];
    app.all(path, (c) => methodNotAllowed(c, methods));
  }

  return {
    fetch: app.fetch,
    hono: app,
    get active() {
      return state.active + state.sessions.size;
    },
    drain: () => drain(state, jobs),
  };
}

async function drain(state: AppState, jobs: JobsMount | undefined): Promise<void> {
  state.draining = true;
  for (const session of [...state.sessions]) session.end('draining');
  await jobs?.stop(state.limits.drainMs * JOBS_DRAIN_SHARE);
  const busy = () =>
    state.active + Object.values(state.queues).reduce((sum, queue) => sum + queue.waiting + queue.running, 0) > 0;
  while (busy()) await new Promise((resolve) => setTimeout(resolve, 10));
}
