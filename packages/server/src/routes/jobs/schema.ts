import type { Job } from '@voiceflow-ml/jobs';
import * as v from 'valibot';
import { DiarizeQuery } from '../../engine/runner/params.ts';
import type { RouteSpec } from '../describe.ts';
import { DiarizationSchema } from '../diarize/schema.ts';
import { json, ProblemSchema, recordingBody } from '../schemas.ts';

const STATES = ['queued', 'running', 'succeeded', 'failed', 'canceled'] as const satisfies readonly Job['state'][];

/** The longest wait that a request may specify. */
const MOST_WAIT_SECONDS = 30;
const MOST_PER_PAGE = 100;
const PRIORITY = { min: -100, max: 100 } as const;

const text = (description: string) => v.pipe(v.string(), v.description(description));
const time = text('ISO 8601, UTC.');

const JOB = {
  id: text('UUID.'),
  state: v.picklist(STATES),
  priority: v.number(),
  createdAt: time,
  startedAt: v.nullable(time),
  endedAt: v.nullable(time),
  bytes: v.nullable(v.pipe(v.number(), v.description('Size of the recording; absent if it is fetched from a url.'))),
  url: v.nullable(v.string()),
  audioSeconds: v.nullable(v.pipe(v.number(), v.description('Length of the recording, once it is known.'))),
  options: v.record(v.string(), v.string()),
  metadata: v.nullable(v.record(v.string(), v.unknown())),
  webhook: v.nullable(v.string()),
  progress: v.nullable(
    v.object({
      stage: v.picklist(['model', 'cluster', 'done']),
      done: v.pipe(v.number(), v.description('Seconds of audio.')),
      total: v.optional(v.number()),
      fraction: v.optional(v.number()),
      etaSeconds: v.optional(v.pipe(v.number(), v.description('Estimated time to the end, at the speed so far.'))),
    }),
  ),
  failures: v.pipe(v.number(), v.description('Failed attempts; after the third the job fails.')),
  problem: v.nullable(
    v.pipe(ProblemSchema, v.description('Problem of the last failed attempt; final if state is failed.')),
  ),
};

const JobSchema = v.pipe(
  v.object({
    ...JOB,
    result: v.optional(v.pipe(DiarizationSchema, v.description('The response of /v1/diarize, if state is succeeded.'))),
  }),
  v.title('Job'),
);

/** A job. It has its result only when requested alone, not in lists. */
export type JobOutput = v.InferOutput<typeof JobSchema>;

const JobListSchema = v.pipe(
  v.object({
    jobs: v.array(v.object(JOB)),
    next: v.nullable(text('Value of `before` for the next page.')),
  }),
  v.title('JobList'),
);

const VoiceSchema = v.pipe(
  v.object({
    name: v.string(),
    space: text("The model's embedding space."),
    samples: v.pipe(v.number(), v.description('Number of recordings enrolled.')),
    createdAt: time,
    updatedAt: time,
  }),
  v.title('Voice'),
);

/** A voice of the server's book, without its embedding. */
export type VoiceOutput = v.InferOutput<typeof VoiceSchema>;

const VoiceListSchema = v.pipe(v.object({ voices: v.array(VoiceSchema) }), v.title('VoiceList'));

const wholeText = (min: number, max: number, description: string) => {
  const range = `a whole number from ${min} to ${max}`;
  return v.pipe(
    v.string(),
    v.check((text) => /^-?\d{1,9}$/.test(text), range),
    v.description(description),
    v.metadata({ type: 'integer', minimum: min, maximum: max }),
    v.transform(Number),
    v.minValue(min, range),
    v.maxValue(max, range),
  );
};
const flagText = (description: string) =>
  v.optional(v.pipe(v.string(), v.description(description), v.metadata({ type: 'boolean' })));

export const IdParams = v.object({
  id: v.pipe(v.string(), v.uuid('the UUID of a job'), v.description('ID of the job.')),
});
export const NameParams = v.object({
  name: v.pipe(
    v.string('a name'),
    v.regex(/^\P{Cc}{1,200}$/u, 'up to 200 characters without control characters'),
    v.description('Name of the voice.'),
  ),
});
export const GetQuery = v.object({
  wait: v.optional(wholeText(0, MOST_WAIT_SECONDS, 'Seconds to wait for the end of the job, up to 30.')),
});
export const ListQuery = v.object({
  limit: v.optional(wholeText(1, MOST_PER_PAGE, 'Number of jobs on a page, up to 100.'), '20'),
  before: v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,18}$/, 'the `next` of a page'), v.description('`next` of the previous page.')),
  ),
  state: v.optional(
    v.pipe(v.picklist(STATES, `one of ${STATES.join(', ')}`), v.description('Only jobs in this state.')),
  ),
});
const FormatQuery = v.object({ format: DiarizeQuery.entries.format });

/** The queue's own options of a submission, from JSON, or as text from the query and a form's fields. */
export const Submission = v.object({
  url: v.optional(v.pipe(v.string('an address'), v.description('Address to fetch the recording from.'))),
  webhook: v.optional(
    v.pipe(v.string('an address'), v.description('Address to call when the job has succeeded or failed.')),
  ),
  priority: v.optional(
    v.pipe(
      v.union([v.number(), wholeText(PRIORITY.min, PRIORITY.max, '')], 'a whole number from -100 to 100'),
      v.integer('a whole number from -100 to 100'),
      v.minValue(PRIORITY.min, 'a whole number from -100 to 100'),
      v.maxValue(PRIORITY.max, 'a whole number from -100 to 100'),
      v.description('Jobs of the same key with a higher priority run first.'),
      v.metadata({ type: 'integer', minimum: PRIORITY.min, maximum: PRIORITY.max }),
    ),
    0,
  ),
  metadata: v.optional(
    v.pipe(
      v.record(v.string(), v.unknown(), 'a JSON object'),
      v.description('JSON stored with the job, up to 16,384 characters.'),
    ),
  ),
});

const { format: _, ...diarizeOptions } = DiarizeQuery.entries;

/** All options of a submission as text. The handler checks them, together with the fields of a form. */
const SubmitQuery = v.object({
  ...diarizeOptions,
  url: Submission.entries.url,
  webhook: Submission.entries.webhook,
  priority: v.optional(wholeText(PRIORITY.min, PRIORITY.max, 'Jobs of the same key with a higher priority run first.')),
  metadata: v.optional(text('JSON object stored with the job.')),
  voices: flagText('Name the speakers whose voices are enrolled.'),
  embeddings: flagText('Store the embeddings of the speakers.'),
});

const JOBS = { tag: 'Jobs', key: true } as const;
/** The problems when the database or the storage is unavailable. */
const UNAVAILABLE = ['overloaded', 'backend-unavailable'] as const;
const ABSENT = ['not-found', ...UNAVAILABLE] as const;
const ONE_JOB = { ...JOBS, params: IdParams.entries, problems: ABSENT } as const;
const AUDIO_PROBLEMS = [
  'audio-too-large',
  'invalid-audio',
  'unsupported-format',
  'deadline-exceeded',
  ...UNAVAILABLE,
] as const;

export const SUBMIT_JOB = {
  summary: 'Submits a recording',
  description:
    'The recording as the body or as the part "file" of a form, or JSON { url }. Options, in the query, the form or the JSON: those of /v1/diarize, "webhook", "metadata" (JSON), "priority", "voices" (name the enrolled voices), "embeddings" (store those of the speakers). A repeated Idempotency-Key returns the existing job.',
  ...JOBS,
  query: SubmitQuery,
  headers: {
    'idempotency-key': text('1 to 255 visible characters; a request with the same value returns the same job.'),
  },
  body: {
    ...recordingBody(v.omit(SubmitQuery, ['url']).entries),
    'application/json': v.pipe(Submission, v.title('Submission')),
  },
  answers: { 202: json('The job; Location is its address.', JobSchema) },
  problems: AUDIO_PROBLEMS,
} as const satisfies RouteSpec;

export const LIST_JOBS = {
  summary: 'Jobs of this key, newest first',
  description: 'Pages by `before`; filtered by `state`.',
  ...JOBS,
  query: ListQuery,
  answers: { 200: json('A page.', JobListSchema) },
  problems: UNAVAILABLE,
} as const satisfies RouteSpec;

export const GET_JOB = {
  summary: 'A job',
  description: 'The job with its progress, its result or its problem. `wait`: seconds to wait for the end of the job.',
  ...ONE_JOB,
  query: GetQuery,
  answers: { 200: json('The job.', JobSchema) },
} as const satisfies RouteSpec;

export const GET_RESULT = {
  summary: 'The result of a job',
  description:
    'In the format of `format` or `Accept`. 202 with the job while it has no result; the problem if it failed.',
  ...ONE_JOB,
  query: FormatQuery,
  answers: {
    200: {
      description: 'The diarization as JSON, RTTM, SRT or WebVTT.',
      content: {
        'application/json': DiarizationSchema,
        'text/plain; format=rttm': 'text',
        'application/x-subrip': 'text',
        'text/vtt': 'text',
      },
    },
    202: json('The job, which has not ended.', JobSchema),
  },
} as const satisfies RouteSpec;

export const GET_EVENTS = {
  summary: 'Events of a job',
  description: 'Server-sent events: `job` at each change, then `result` or `problem`.',
  ...ONE_JOB,
  answers: { 200: { description: 'The events.', content: { 'text/event-stream': 'text' } } },
} as const satisfies RouteSpec;

export const REMOVE_JOB = {
  summary: 'Cancels or removes a job',
  description: 'A job that has not ended is canceled and its audio deleted; an ended job is removed with its result.',
  ...ONE_JOB,
  answers: { 200: json('The canceled job.', JobSchema), 204: { description: 'The job was removed.' } },
} as const satisfies RouteSpec;

export const ENROLL_VOICE = {
  summary: 'Enrolls a voice',
  description:
    'A recording of one voice as the body, its name in the query. Several recordings under the same name are averaged.',
  ...JOBS,
  query: NameParams,
  body: recordingBody(),
  answers: { 201: json('The voice.', VoiceSchema) },
  problems: AUDIO_PROBLEMS,
} as const satisfies RouteSpec;

export const LIST_VOICES = {
  summary: 'Enrolled voices of this key',
  description: 'Without their embeddings.',
  ...JOBS,
  answers: { 200: json('The voices.', VoiceListSchema) },
  problems: UNAVAILABLE,
} as const satisfies RouteSpec;

export const REMOVE_VOICE = {
  summary: 'Deletes a voice',
  description: 'Deletes the voice and its embedding; existing results keep the name.',
  ...JOBS,
  params: NameParams.entries,
  answers: { 204: { description: 'The voice was deleted.' } },
  problems: ABSENT,
} as const satisfies RouteSpec;
