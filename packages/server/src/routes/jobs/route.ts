import type { JobHandlers } from '@voiceflow-ml/jobs';
import { Hono } from 'hono';
import type * as v from 'valibot';
import { invalidOption, normalizeName } from 'voiceflow-ml/core';
import { readParams } from '../../engine/runner/params.ts';
import type { AppContext, AppEnv } from '../../http/context.ts';
import type { AppState } from '../../state.ts';
import { described } from '../describe.ts';
import { queryOf } from '../task.ts';
import * as schema from './schema.ts';

/** The routes of jobs and voices. Options are parsed here; the handlers of `@voiceflow-ml/jobs` respond. */
export function jobRoutes(state: AppState, jobs: JobHandlers) {
  // In lower case, as in the notifications of the database.
  const idOf = (c: AppContext) => readParams(schema.IdParams, { id: c.req.param('id') ?? '' }).id.toLowerCase();
  const query = <E extends v.ObjectEntries>(c: AppContext, of: v.ObjectSchema<E, undefined>) =>
    readParams(of, queryOf(c));

  const submit = (c: AppContext) => jobs.submit(c);
  const list = (c: AppContext) => jobs.list(c, query(c, schema.ListQuery));
  const get = (c: AppContext) => jobs.get(c, idOf(c), query(c, schema.GetQuery).wait ?? 0);
  const result = (c: AppContext) => jobs.result(c, idOf(c));
  const events = (c: AppContext) => jobs.events(c, idOf(c));
  const remove = (c: AppContext) => jobs.remove(c, idOf(c));
  const enroll = (c: AppContext) => {
    const name = normalizeName(query(c, schema.NameParams).name);
    // Clients remove such segments from the path, so the voice could not be deleted.
    if (name === '.' || name === '..') throw invalidOption(`the name is "${name}", expected another name than . or ..`);
    return jobs.enroll(c, name);
  };
  const listVoices = (c: AppContext) => jobs.listVoices(c);
  const removeVoice = (c: AppContext) => {
    const { name } = readParams(schema.NameParams, { name: c.req.param('name') ?? '' });
    return jobs.removeVoice(c, name);
  };

  return new Hono<AppEnv>()
    .post('/v1/jobs', described(state, schema.SUBMIT_JOB, submit))
    .get('/v1/jobs', described(state, schema.LIST_JOBS, list))
    .get('/v1/jobs/:id', described(state, schema.GET_JOB, get))
    .get('/v1/jobs/:id/result', described(state, schema.GET_RESULT, result))
    .get('/v1/jobs/:id/events', described(state, schema.GET_EVENTS, events))
    .delete('/v1/jobs/:id', described(state, schema.REMOVE_JOB, remove))
    .post('/v1/voices', described(state, schema.ENROLL_VOICE, enroll))
    .get('/v1/voices', described(state, schema.LIST_VOICES, listVoices))
    .delete('/v1/voices/:name', described(state, schema.REMOVE_VOICE, removeVoice));
}
