import * as v from 'valibot';
import { JOB_STATES } from '../queue/types.ts';

/** What the routes take and answer: checked at run time, and written into the API description. */

const time = v.pipe(v.string(), v.description('ISO 8601, UTC.'));

export const ProblemSchema = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  code: v.string(),
  hint: v.optional(v.string()),
});

export const JobSchema = v.object({
  id: v.pipe(v.string(), v.description('UUID.')),
  state: v.picklist(JOB_STATES),
  priority: v.number(),
  createdAt: time,
  startedAt: v.nullable(time),
  endedAt: v.nullable(time),
  bytes: v.nullable(v.pipe(v.number(), v.description('Of the recording; absent where it is fetched from a url.'))),
  url: v.nullable(v.string()),
  audioSeconds: v.nullable(v.pipe(v.number(), v.description('Length of the recording, once it is known.'))),
  options: v.record(v.string(), v.string()),
  metadata: v.nullable(v.record(v.string(), v.unknown())),
  webhook: v.nullable(v.string()),
  progress: v.nullable(
    v.object({
      stage: v.string(),
      done: v.pipe(v.number(), v.description('Seconds of audio.')),
      total: v.optional(v.number()),
      fraction: v.optional(v.number()),
      etaSeconds: v.optional(v.pipe(v.number(), v.description('Until the end, at the speed so far.'))),
    }),
  ),
  failures: v.pipe(v.number(), v.description('Tries that failed; at the third the job has failed.')),
  problem: v.nullable(v.pipe(ProblemSchema, v.description('Of the last failure; final where state is failed.'))),
  result: v.optional(v.pipe(v.unknown(), v.description('What /v1/diarize answers, where state is succeeded.'))),
});

export const JobListSchema = v.object({
  jobs: v.array(JobSchema),
  next: v.nullable(v.pipe(v.string(), v.description('The `before` of the next page.'))),
});

/** The longest wait that one request may ask for. */
export const MOST_WAIT_SECONDS = 30;
export const MOST_PER_PAGE = 100;
export const PRIORITY = { min: -100, max: 100 } as const;
export const MOST_METADATA = 16_384;

const whole = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^-?\d{1,9}$/, 'expected a whole number'),
    v.transform(Number),
    v.minValue(min),
    v.maxValue(max),
  );

export const IdSchema = v.object({
  id: v.pipe(v.string(), v.uuid('expected the UUID of a job'), v.description('Of the job.')),
});
export const GetQuerySchema = v.object({
  wait: v.optional(v.pipe(whole(0, MOST_WAIT_SECONDS), v.description('Seconds to wait for its end, up to 30.'))),
});
export const ListQuerySchema = v.object({
  limit: v.optional(v.pipe(whole(1, MOST_PER_PAGE), v.description('Jobs of a page, up to 100.')), '20'),
  before: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,18}$/, 'expected the `next` of a page'),
      v.description('The `next` of the page before.'),
    ),
  ),
  state: v.optional(v.pipe(v.picklist(JOB_STATES), v.description('Only jobs in this state.'))),
});

/** A submission, from a JSON body, or from the query and the fields of a form. */
export const SubmissionSchema = v.object({
  url: v.optional(v.pipe(v.string(), v.description('Where to fetch the recording from.'))),
  webhook: v.optional(v.pipe(v.string(), v.description('Called when the job has succeeded or failed.'))),
  priority: v.optional(
    v.pipe(
      v.union([v.number(), whole(PRIORITY.min, PRIORITY.max)]),
      v.integer(),
      v.minValue(PRIORITY.min),
      v.maxValue(PRIORITY.max),
      v.description('Among the jobs of one key: the highest first.'),
    ),
    0,
  ),
  metadata: v.optional(v.pipe(v.record(v.string(), v.unknown()), v.description('Kept with the job.'))),
});

export const VoiceSchema = v.object({
  name: v.string(),
  space: v.pipe(v.string(), v.description("The model's embedding space.")),
  samples: v.pipe(v.number(), v.description('Recordings enrolled.')),
  createdAt: time,
  updatedAt: time,
});
export const VoiceListSchema = v.object({ voices: v.array(VoiceSchema) });
export const NameSchema = v.object({
  name: v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(200),
    v.regex(/^\P{Cc}+$/u, 'expected no control characters'),
    v.description('Of the voice.'),
  ),
});
