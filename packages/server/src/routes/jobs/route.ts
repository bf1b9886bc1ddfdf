import type { JobHandlers } from '@voiceflow-ml/jobs';
import { Hono } from 'hono';
import type * as v from 'valibot';
import { readParams } from '../../engine/runner/params.ts';
import type { AppContext, AppEnv } from '../../http/exchange.ts';
import type { AppState } from '../../state.ts';
import { described } from '../describe.ts';
import { queryOf } from '../task.ts';
import * as schema from './schema.ts';

/** The routes of jobs and voices. Options are parsed here; the handlers of `@voiceflow-ml/jobs` respond. */
export function jobRoutes(state: AppState, jobs: JobHandlers) {
  const idOf = (c: AppContext) => readParams(schema.IdParams, { id: c.req.param('id') ?? '' }).id;
  const query = <E extends v.ObjectEntries>(c: AppContext, of: v.ObjectSchema<E, undefined>) =>
    readParams(of, queryOf(c));

  return new Hono<AppEnv>()
    .post(
      '/v1/jobs',
      described(state, schema.SUBMIT_JOB, (c) => jobs.submit(c)),
    )
    .get(
      '/v1/jobs',
      described(state, schema.LIST_JOBS, (c) => jobs.list(c, query(c, schema.ListQuery))),
    )
    .get(
      '/v1/jobs/:id',
      described(state, schema.GET_JOB, (c) => jobs.get(c, idOf(c), query(c, schema.GetQuery).wait ?? 0)),
    )
    .get(
      '/v1/jobs/:id/result',
      described(state, schema.GET_RESULT, (c) => jobs.result(c, idOf(c))),
    )
    .get(
      '/v1/jobs/:id/events',
      described(state, schema.GET_EVENTS, (c) => jobs.events(c, idOf(c))),
    )
    .delete(
      '/v1/jobs/:id',
      described(state, schema.REMOVE_JOB, (c) => jobs.remove(c, idOf(c))),
    )
    .post(
      '/v1/voices',
      described(state, schema.ENROLL_VOICE, (c) => jobs.enroll(c, query(c, schema.NameParams).name)),
    )
    .get(
      '/v1/voices',
      described(state, schema.LIST_VOICES, (c) => jobs.listVoices(c)),
    )
    .delete(
      '/v1/voices/:name',
      described(state, schema.REMOVE_VOICE, (c) =>
        jobs.removeVoice(c, readParams(schema.NameParams, { name: c.req.param('name') ?? '' }).name),
      ),
    );
}
