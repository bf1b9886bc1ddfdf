import type { JobsMount } from '@voiceflow-ml/jobs';
import { Hono } from 'hono';
import type { AppEnv } from '../http/context.ts';
import type { AppState } from '../state.ts';
import { described } from './describe.ts';
import { diarize } from './diarize/route.ts';
import { diarizeSpec } from './diarize/schema.ts';
import { embedSpec } from './embed/schema.ts';
import { inferSpec } from './infer/schema.ts';
import { jobRoutes } from './jobs/route.ts';
import { stream } from './stream/route.ts';
import { STREAM } from './stream/schema.ts';
import { healthz, metrics, readyz } from './system/route.ts';
import { HEALTHZ, METRICS, READYZ } from './system/schema.ts';
import { respondTo } from './task.ts';
import * as v2 from './v2/route.ts';
import { MODEL_INFER, MODEL_METADATA, MODEL_READY, SERVER_LIVE, SERVER_METADATA, SERVER_READY } from './v2/schema.ts';

/** The routes that every server has, each with its description. */
export function apiRoutes(state: AppState) {
  const { limits } = state;
  const serverMetadata = described(state, SERVER_METADATA, v2.serverMetadata);
  const modelMetadata = described(state, MODEL_METADATA, v2.modelMetadata);
  const modelReady = described(state, MODEL_READY, v2.modelReady);
  const modelInfer = described(state, MODEL_INFER, v2.modelInfer);
  return (
    new Hono<AppEnv>()
      .get('/healthz', described(state, HEALTHZ, healthz))
      .get('/readyz', described(state, READYZ, readyz))
      .get('/metrics', described(state, METRICS, metrics))
      .post('/v1/infer', described(state, inferSpec(limits), respondTo('infer')))
      .post('/v1/diarize', described(state, diarizeSpec(limits), diarize))
      .post('/v1/embed', described(state, embedSpec(limits), respondTo('embed')))
      .get('/v1/stream', described(state, STREAM, stream))
      // The specification's text has /v2, its schema has /v2/.
      .get('/v2', serverMetadata)
      .get('/v2/', serverMetadata)
      .get('/v2/health/live', described(state, SERVER_LIVE, v2.serverLive))
      .get('/v2/health/ready', described(state, SERVER_READY, v2.serverReady))
      .get('/v2/models/:model', modelMetadata)
      .get('/v2/models/:model/ready', modelReady)
      .post('/v2/models/:model/infer', modelInfer)
      .get('/v2/models/:model/versions/:version', modelMetadata)
      .get('/v2/models/:model/versions/:version/ready', modelReady)
      .post('/v2/models/:model/versions/:version/infer', modelInfer)
  );
}

/** The routes of `apiRoutes`, and those of jobs. */
export function allRoutes(state: AppState, jobs: JobsMount) {
  return apiRoutes(state).route('/', jobRoutes(state, jobs));
}

/**
 * The server's type for Hono's `hc<AppType>(url)`: routes, options and responses. Bodies are bytes, so they are passed
 * separately from the typed input: `client.v1.infer.$post({}, { init: { body } })`.
 */
export type AppType = ReturnType<typeof allRoutes>;
