import type { Context } from 'hono';
import { parseTurnsJson, toRttm, toSrt, toVtt } from 'voiceflow-ml/core';
import type { ResultFormat } from './host.ts';
import type { RouteParts } from './parts.ts';
import { hasEnded, viewOf } from './view.ts';

const TYPES: Readonly<Record<Exclude<ResultFormat, 'json'>, string>> = {
  rttm: 'text/plain; charset=utf-8; format=rttm',
  srt: 'application/x-subrip; charset=utf-8',
  vtt: 'text/vtt; charset=utf-8',
};

/**
 * `GET /v1/jobs/:id/result`: responds with the diarization, with the problem of a failed job, or with a job that has
 * not ended.
 */
export async function respondWithResult(c: Context, id: string, { host, jobs }: RouteParts): Promise<Response> {
  const format = host.format(c);
  const key = host.client(c);
  const job = await jobs.get(key, id);
  if (job === undefined || job.state === 'canceled') return c.notFound();
  const requestId = host.requestId(c);
  if (!hasEnded(job))
    return c.json(viewOf(job, host, requestId), 202, { location: `/v1/jobs/${id}`, 'retry-after': '1' });
  if (job.state === 'failed') {
    const problem = host.problem(job.problem ?? { code: 'internal', detail: 'the job failed' }, requestId);
    return new Response(JSON.stringify(problem), {
      status: problem.status,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    });
  }
  const result = await jobs.result(key, id);
  if (result === undefined) return c.notFound();
  if (format === 'json') return c.json(result);
  const turns = parseTurnsJson(result);
  const text = {
    rttm: () => toRttm(turns, job.options.uri),
    srt: () => toSrt(turns),
    vtt: () => toVtt(turns),
  }[format]();
  return c.body(text, 200, { 'content-type': TYPES[format] });
}
