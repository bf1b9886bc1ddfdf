import * as v from 'valibot';
import type { Limits } from '../../limits.ts';
import type { RouteSpec } from '../describe.ts';
import { DEADLINE, ModelSchema, TASK_PROBLEMS, TimingsSchema } from '../schemas.ts';

const rows = (description: string) => v.pipe(v.array(v.array(v.number())), v.description(description));

const WindowSchema = v.pipe(
  v.object({
    embeddings: rows('[2, 192]: embeddings of the two local speakers.'),
    activity: rows('[T, 2]: activity of both local speakers in each frame.'),
    model: ModelSchema,
    timings: TimingsSchema,
  }),
  v.title('Window'),
);

/** The response of `/v1/infer`. */
export type WindowJson = v.InferOutput<typeof WindowSchema>;

export const inferSpec = (limits: Limits) =>
  ({
    summary: 'Inference on one window',
    description: `48,000 little-endian float32 samples (one second of mono at 48 kHz), or a WAV file whose first second is used. Body up to ${limits.inferBodyBytes} bytes, deadline ${limits.inferDeadlineMs} ms. With Accept: application/octet-stream the response is float32: embeddings [2, 192], then activity [T, 2].`,
    tag: 'Inference',
    key: true,
    headers: DEADLINE,
    body: { 'application/octet-stream': 'bytes', 'audio/wav': 'bytes' },
    answers: {
      200: {
        description: 'Embeddings and activity of the two local speakers.',
        content: { 'application/json': WindowSchema, 'application/octet-stream': 'bytes' },
      },
    },
    problems: [...TASK_PROBLEMS, 'model-incompatible'],
  }) as const satisfies RouteSpec;
