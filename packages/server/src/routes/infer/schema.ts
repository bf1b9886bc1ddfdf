import * as v from 'valibot';
import type { Limits } from '../../limits.ts';
import type { RouteSpec } from '../describe.ts';
import { DEADLINE, ModelSchema, TASK_PROBLEMS, TimingsSchema } from '../schemas.ts';

const rows = (description: string) => v.pipe(v.array(v.array(v.number())), v.description(description));

export const WindowSchema = v.pipe(
  v.object({
    embeddings: rows('[2, 192]: the two local speakers.'),
    activity: rows('[T, 2]: their activity in each frame.'),
    model: ModelSchema,
    timings: TimingsSchema,
  }),
  v.title('Window'),
);

/** The response of `/v1/infer`. */
export type WindowJson = v.InferOutput<typeof WindowSchema>;

export const inferSpec = (limits: Limits) =>
  ({
    summary: 'One window through the network',
    description: `48,000 little-endian float32 samples (one second of mono at 48 kHz), or a WAV file whose first second is used. Body up to ${limits.inferBodyBytes} bytes, deadline ${limits.inferDeadlineMs} ms. Accept: application/octet-stream gives float32: embeddings [2, 192], then activity [T, 2].`,
    tag: 'Inference',
    key: true,
    headers: DEADLINE,
    body: { 'application/octet-stream': 'bytes', 'audio/wav': 'bytes' },
    answers: {
      200: {
        description: 'Two local speakers: who they are, and when they speak.',
        content: { 'application/json': WindowSchema, 'application/octet-stream': 'bytes' },
      },
    },
    problems: [...TASK_PROBLEMS, 'model-incompatible'],
  }) as const satisfies RouteSpec;
