import * as v from 'valibot';
import { EmbedQuery } from '../../engine/runner/params.ts';
import type { Limits } from '../../limits.ts';
import type { RouteSpec } from '../describe.ts';
import { DEADLINE, ModelSchema, recordingBody, TASK_PROBLEMS } from '../schemas.ts';

const EmbeddingSchema = v.pipe(
  v.object({
    embedding: v.pipe(v.array(v.number()), v.description('Vector of unit length.')),
    space: v.string(),
    model: ModelSchema,
  }),
  v.title('Embedding'),
);

/** The response of `/v1/embed`. */
export type EmbeddingJson = v.InferOutput<typeof EmbeddingSchema>;

export const embedSpec = (limits: Limits) =>
  ({
    summary: 'The voice of a recording',
    description: `One embedding of unit length, of the whole recording or of the part from start to end. Body as for /v1/diarize, up to ${limits.bodyBytes} bytes.`,
    tag: 'Inference',
    key: true,
    query: EmbedQuery,
    headers: DEADLINE,
    body: recordingBody(EmbedQuery.entries),
    answers: {
      200: {
        description: 'The embedding.',
        content: { 'application/json': EmbeddingSchema, 'application/octet-stream': 'bytes' },
      },
    },
    problems: [...TASK_PROBLEMS, 'audio-too-long'],
  }) as const satisfies RouteSpec;
