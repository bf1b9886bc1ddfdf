import type { JobsMount } from '@voiceflow-ml/jobs';
import { parseTurnsJson, toRttm, toSrt, toVtt } from 'voiceflow-ml/core';
import { TEXT_TYPES } from '../../engine/engine.ts';
import type { AppContext } from '../../http/context.ts';
import { problemResponse } from '../../http/problem.ts';
import { diarizeOutput } from '../diarize/route.ts';
import { keyOf } from './request.ts';
import { hasEnded, problemOf, viewOf } from './view.ts';

/**
 * `GET /v1/jobs/:id/result`: responds with the diarization, with the problem of a failed job, or with a job that has
 * not ended.
 */
export async function respondWithResult(c: AppContext, id: string, { jobs }: JobsMount): Promise<Response> {
  const format = diarizeOutput(c.req.header('accept') ?? '', c.req.query('format'));
  const key = keyOf(c);
  const job = await jobs.get(key, id);
  if (job === undefined || job.state === 'canceled') return c.notFound();
  const requestId = c.get('requestId');
  if (!hasEnded(job)) return c.json(viewOf(job, requestId), 202, { location: `/v1/jobs/${id}`, 'retry-after': '1' });
  if (job.state === 'failed')
    return problemResponse(problemOf(job.problem ?? { code: 'internal', detail: 'the job failed' }, requestId));
  const result = await jobs.result(key, id);
  if (result === undefined) return c.notFound();
  if (format === 'json') return c.json(result);
  const turns = parseTurnsJson(result);
  const text = {
    rttm: () => toRttm(turns, job.options.uri),
    srt: () => toSrt(turns),
    vtt: () => toVtt(turns),
  }[format]();
  return c.body(text, 200, { 'content-type': TEXT_TYPES[format] });
}
