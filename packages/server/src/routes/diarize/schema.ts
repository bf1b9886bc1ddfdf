import * as v from 'valibot';
import type { DiarizationJson } from 'voiceflow-ml/core';
import { DiarizeQuery } from '../../engine/runner/params.ts';
import type { Limits } from '../../limits.ts';
import type { RouteSpec } from '../describe.ts';
import { DEADLINE, ModelSchema, recordingBody, TASK_PROBLEMS, TimingsSchema } from '../schemas.ts';

const TurnSchema = v.object({
  start: v.pipe(v.number(), v.description('Seconds.')),
  end: v.pipe(v.number(), v.description('Seconds.')),
  speaker: v.string(),
  confidence: v.exactOptional(v.number()),
});

/** The response of `/v1/diarize`. It has `exclusive` when requested. */
export interface DiarizeJson extends DiarizationJson {
  readonly exclusive?: DiarizationJson['turns'];
}

export const DiarizationSchema = v.pipe(
  v.object({
    duration: v.pipe(v.number(), v.description('Seconds.')),
    turns: v.array(TurnSchema),
    exclusive: v.exactOptional(v.array(TurnSchema)),
    speakers: v.array(
      v.object({
        label: v.string(),
        seconds: v.number(),
        name: v.exactOptional(v.string()),
        embedding: v.exactOptional(v.array(v.number())),
      }),
    ),
    model: ModelSchema,
    backend: v.string(),
    warnings: v.array(v.object({ code: v.string(), message: v.string() })),
    timings: TimingsSchema,
  }),
  v.title('Diarization'),
);

export const diarizeSpec = (limits: Limits) =>
  ({
    summary: 'Who spoke when in a recording',
    description: `The recording as the body in any supported format, or as the part "file" of a form, whose fields are options as well. Up to ${limits.bodyBytes} bytes and ${limits.audioSeconds} s; deadline ${limits.deadlineMs} ms to the first progress and between progress reports. With Accept: text/event-stream the response is "progress" events, then "result" or "problem".`,
    tag: 'Inference',
    key: true,
    query: DiarizeQuery,
    headers: DEADLINE,
    // The format is needed before the form is read.
    body: recordingBody(v.omit(DiarizeQuery, ['format']).entries),
    answers: {
      200: {
        description: 'The turns and the speakers.',
        content: {
          'application/json': DiarizationSchema,
          'text/event-stream': 'text',
          'text/plain; format=rttm': 'text',
          'application/x-subrip': 'text',
          'text/vtt': 'text',
        },
      },
    },
    problems: [...TASK_PROBLEMS, 'audio-too-long'],
  }) as const satisfies RouteSpec;
