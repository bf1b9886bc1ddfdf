import * as v from 'valibot';

/** @module Schemas that several routes share. A schema with a title is a component of the API description. */

export const ProblemSchema = v.pipe(
  v.object({
    type: v.string(),
    title: v.string(),
    status: v.pipe(v.number(), v.integer()),
    detail: v.string(),
    code: v.string(),
    hint: v.optional(v.string()),
    retryAfter: v.optional(v.pipe(v.number(), v.integer(), v.description('Seconds, as in Retry-After.'))),
    requestId: v.string(),
    error: v.string(),
  }),
  v.title('Problem'),
);

/** The model in every response. Clients need it because embeddings of different spaces must never be compared. */
export const ModelSchema = v.object({ id: v.string(), version: v.string(), space: v.string() });

/** Milliseconds by stage. */
export const TimingsSchema = v.record(v.string(), v.number());

export const DEADLINE = {
  'x-deadline-ms': v.pipe(
    v.string(),
    v.description('Milliseconds from the last byte of the body to the response, up to the limit of the server.'),
    v.metadata({ type: 'integer', minimum: 1 }),
  ),
};

export const json = <const S extends v.GenericSchema>(description: string, schema: S) =>
  ({ description, content: { 'application/json': schema } }) as const;

/** Problems of routes that run a task, besides those of all routes. */
export const TASK_PROBLEMS = [
  'overloaded',
  'deadline-exceeded',
  'backend-failed',
  'audio-too-large',
  'invalid-audio',
  'unsupported-format',
] as const;

/** A recording, or a form with one. @param options Those that may be fields of the form instead of the query. */
export function recordingBody(options: v.ObjectEntries = {}) {
  return {
    'audio/*': 'bytes',
    'application/octet-stream': 'bytes',
    'multipart/form-data': v.object({ file: v.pipe(v.string(), v.metadata({ format: 'binary' })), ...options }),
  } as const;
}
