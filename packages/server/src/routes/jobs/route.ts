import type { Job, JobsMount, Upload } from '@voiceflow-ml/jobs';
import { Hono } from 'hono';
import type * as v from 'valibot';
import { invalidOption, normalizeName } from 'voiceflow-ml/core';
import { readParams } from '../../engine/runner/params.ts';
import type { AppContext, AppEnv } from '../../http/context.ts';
import type { AppState } from '../../state.ts';
import { described } from '../describe.ts';
import { queryOf } from '../task.ts';
import { eventsOf } from './events.ts';
import { keyOf, withUpload } from './request.ts';
import { respondWithResult } from './result.ts';
import * as schema from './schema.ts';
import { submit } from './submit.ts';
import { hasEnded, viewOf } from './view.ts';

/** The routes of jobs and voices. */
export function jobRoutes(state: AppState, mount: JobsMount) {
  const { jobs, voices, watch } = mount;
  // In lower case, as in the notifications of the database.
  const idOf = (c: AppContext) => readParams(schema.IdParams, { id: c.req.param('id') ?? '' }).id.toLowerCase();
  const query = <E extends v.ObjectEntries>(c: AppContext, of: v.ObjectSchema<E, undefined>) =>
    readParams(of, queryOf(c));
  const view = (c: AppContext, job: Job, result?: unknown) => viewOf(job, c.get('requestId'), result);

  return new Hono<AppEnv>()
    .post(
      '/v1/jobs',
      described(state, schema.SUBMIT_JOB, async (c) => {
        const { job, repeated } = await submit(c, state, mount);
        const headers: Record<string, string> = { location: `/v1/jobs/${job.id}` };
        if (repeated) headers['idempotent-replayed'] = 'true';
        return c.json(view(c, job), 202, headers);
      }),
    )
    .get(
      '/v1/jobs',
      described(state, schema.LIST_JOBS, async (c) => {
        const { limit, before, state: only } = query(c, schema.ListQuery);
        const page = await jobs.list(keyOf(c), { limit: limit + 1, before, state: only });
        const shown = page.slice(0, limit);
        const next = page.length > limit ? (shown.at(-1)?.seq ?? null) : null;
        return c.json({ jobs: shown.map((job) => view(c, job)), next });
      }),
    )
    .get(
      '/v1/jobs/:id',
      described(state, schema.GET_JOB, async (c) => {
        const [key, id] = [keyOf(c), idOf(c)];
        const { wait = 0 } = query(c, schema.GetQuery);
        let job = await jobs.get(key, id);
        if (job !== undefined && wait > 0 && !hasEnded(job)) {
          await watch.wait(key, id, wait * 1000, c.req.raw.signal, hasEnded);
          job = await jobs.get(key, id);
        }
        if (job === undefined) return c.notFound();
        const result = job.state === 'succeeded' ? await jobs.result(key, id) : undefined;
        return c.json(view(c, job, result));
      }),
    )
    .get(
      '/v1/jobs/:id/result',
      described(state, schema.GET_RESULT, (c) => respondWithResult(c, idOf(c), mount)),
    )
    .get(
      '/v1/jobs/:id/events',
      described(state, schema.GET_EVENTS, (c) => eventsOf(c, idOf(c), mount)),
    )
    .delete(
      '/v1/jobs/:id',
      described(state, schema.REMOVE_JOB, async (c) => {
        const removed = await mount.remove(keyOf(c), idOf(c));
        if (typeof removed === 'object') return c.json(view(c, removed));
        return removed ? c.body(null, 204) : c.notFound();
      }),
    )
    .post(
      '/v1/voices',
      described(state, schema.ENROLL_VOICE, async (c) => {
        const name = normalizeName(query(c, schema.NameParams).name);
        // Clients remove such segments from the path, so the voice could not be deleted.
        if (name === '.' || name === '..')
          throw invalidOption(`the name is "${name}", expected another name than . or ..`);
        const key = keyOf(c);
        const enroll = (upload: Upload) => mount.enroll(key, name, upload, c.req.raw.signal);
        return c.json(await voices.admit(key, name, () => withUpload(c, state, undefined, enroll)), 201);
      }),
    )
    .get(
      '/v1/voices',
      described(state, schema.LIST_VOICES, async (c) => c.json({ voices: await voices.list(keyOf(c)) })),
    )
    .delete(
      '/v1/voices/:name',
      described(state, schema.REMOVE_VOICE, async (c) => {
        const { name } = readParams(schema.NameParams, { name: c.req.param('name') ?? '' });
        const removed = await voices.remove(keyOf(c), [name, name.normalize('NFC').trim()]);
        return removed ? c.body(null, 204) : c.notFound();
      }),
    );
}
