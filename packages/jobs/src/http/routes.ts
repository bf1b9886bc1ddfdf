import { type Context, Hono } from 'hono';
import { describeRoute, resolver } from 'hono-openapi';
import { eventsOf } from './events.ts';
import type { RouteParts } from './parts.ts';
import { answerResult } from './result.ts';
import {
  GetQuerySchema,
  IdSchema,
  JobListSchema,
  JobSchema,
  ListQuerySchema,
  NameSchema,
  SubmissionSchema,
  VoiceListSchema,
  VoiceSchema,
} from './schemas.ts';
import { submit } from './submit.ts';
import { check, json, PROBLEMS, SECURITY } from './validate.ts';
import { hasEnded, viewOf } from './view.ts';
import { enroll } from './voices.ts';

const TAGS = ['Jobs'];
const BINARY = { schema: { type: 'string', format: 'binary' } };
const FORM = { schema: { type: 'object', properties: { file: BINARY.schema }, required: ['file'] } };
const AUDIO = { 'audio/*': BINARY, 'application/octet-stream': BINARY, 'multipart/form-data': FORM };
const SUBMISSION = { ...AUDIO, 'application/json': { schema: resolver(SubmissionSchema) } };
const description = (summary: string, more: string, responses: Record<string, unknown>, content?: object) =>
  describeRoute({
    ...(content === undefined ? {} : { requestBody: { required: true, content } }),
    summary,
    description: more,
    tags: TAGS,
    security: SECURITY,
    responses: { ...responses, ...PROBLEMS },
  } as Parameters<typeof describeRoute>[0]);

/** The routes of jobs and voices, to be mounted at `/`. Errors are thrown, for the server to answer. */
export function jobRoutes(parts: RouteParts): Hono {
  const { host, jobs, voices, storage, watch } = parts;
  const app = new Hono();
  const view = (c: Context, job: Parameters<typeof viewOf>[0], result?: unknown) =>
    viewOf(job, host, host.requestId(c), result);

  app.post(
    '/v1/jobs',
    description(
      'Submits a recording',
      'The recording as the body or as the part "file" of a form, or JSON { url }; the options of /v1/diarize, "webhook", "metadata" (JSON), "priority", "voices" (recognise the enrolled ones), "embeddings" (keep those of the speakers), in the query, the form or the JSON. A repeated Idempotency-Key gives the job that it made.',
      { 202: json('The job; Location is its address.', JobSchema) },
      SUBMISSION,
    ),
    async (c) => {
      const { job, repeated } = await submit(c, parts);
      return c.json(view(c, job), 202, {
        location: `/v1/jobs/${job.id}`,
        ...(repeated ? { 'idempotent-replayed': 'true' } : {}),
      });
    },
  );

  app.get(
    '/v1/jobs',
    description('Jobs of this key, newest first', 'Pages by `before`; filtered by `state`.', {
      200: json('A page.', JobListSchema),
    }),
    check('query', ListQuerySchema),
    async (c) => {
      const { limit, before, state } = c.req.valid('query');
      const page = await jobs.list(host.client(c), { limit: limit + 1, before, state });
      const shown = page.slice(0, limit);
      const next = page.length > limit ? (shown.at(-1)?.seq ?? null) : null;
      return c.json({ jobs: shown.map((job) => view(c, job)), next });
    },
  );

  app.get(
    '/v1/jobs/:id',
    description('A job', 'With its progress, its result or its problem. `wait`: seconds to wait for its end.', {
      200: json('The job.', JobSchema),
    }),
    check('param', IdSchema),
    check('query', GetQuerySchema),
    async (c) => {
      const { id } = c.req.valid('param');
      const { wait = 0 } = c.req.valid('query');
      const key = host.client(c);
      let job = await jobs.get(key, id);
      if (job !== undefined && wait > 0 && !hasEnded(job)) {
        await watch.wait(id, wait * 1000, c.req.raw.signal, hasEnded);
        job = await jobs.get(key, id);
      }
      if (job === undefined) return c.notFound();
      const result = job.state === 'succeeded' ? await jobs.result(key, id) : undefined;
      return c.json(view(c, job, result));
    },
  );

  app.get(
    '/v1/jobs/:id/result',
    description('The result of a job', 'In the form of `format` or `Accept`. 202 with the job while it has none.', {
      200: { description: 'The diarization as JSON, RTTM, SRT or WebVTT.' },
      202: json('The job, which has not ended.', JobSchema),
    }),
    check('param', IdSchema),
    (c) => answerResult(c, c.req.valid('param').id, parts),
  );

  app.get(
    '/v1/jobs/:id/events',
    description('A job as it goes on', 'Server-sent events: `job` at each change, at the end `result` or `problem`.', {
      200: { description: 'The events.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
    }),
    check('param', IdSchema),
    (c) => eventsOf(c, c.req.valid('param').id, parts),
  );

  app.delete(
    '/v1/jobs/:id',
    description(
      'Cancels a job, or removes it',
      'One that has not ended is cancelled, and its audio deleted; one that has is removed, with its result.',
      {
        200: json('The job, cancelled.', JobSchema),
        204: { description: 'It was removed.' },
      },
    ),
    check('param', IdSchema),
    async (c) => {
      const { id } = c.req.valid('param');
      const key = host.client(c);
      const job = await jobs.cancel(key, id);
      const object = await jobs.object(key, id);
      if (object !== undefined) {
        await storage.delete(object);
        await jobs.forget(key, id);
      }
      if (job !== undefined) return c.json(view(c, job));
      return (await jobs.remove(key, id)) ? c.body(null, 204) : c.notFound();
    },
  );

  app.post(
    '/v1/voices',
    description(
      'Enrolls a voice',
      'A recording of one voice as the body, its name in the query; again under the same name, the voice is the mean of all.',
      {
        201: json('The voice.', VoiceSchema),
      },
      AUDIO,
    ),
    check('query', NameSchema),
    async (c) => c.json(await enroll(c, c.req.valid('query').name, parts), 201),
  );
  app.get(
    '/v1/voices',
    description('Enrolled voices of this key', 'Without their embeddings.', {
      200: json('The voices.', VoiceListSchema),
    }),
    async (c) => c.json({ voices: await voices.list(host.client(c)) }),
  );
  app.delete(
    '/v1/voices/:name',
    description('Deletes a voice', 'With its embedding; results that named it keep the name.', {
      204: { description: 'It was deleted.' },
    }),
    check('param', NameSchema),
    async (c) => {
      const gone = await voices.remove(host.client(c), c.req.valid('param').name);
      return gone ? c.body(null, 204) : c.notFound();
    },
  );
  return app;
}
