import type { Job, JobsMount } from '@voiceflow-ml/jobs';
import type { SSEStreamingApi } from 'hono/streaming';
import type { AppContext } from '../../http/context.ts';
import { eventStream, KEEP_ALIVE_MS } from '../../http/sse.ts';
import { keyOf } from './request.ts';
import { hasEnded, problemOf, viewOf } from './view.ts';

/** `GET /v1/jobs/:id/events`: sends `job` at once and on each change, and `result` or `problem` at the end. */
export async function eventsOf(c: AppContext, id: string, { jobs, watch }: JobsMount): Promise<Response> {
  const key = keyOf(c);
  const requestId = c.get('requestId');
  const first = await jobs.get(key, id);
  if (first === undefined) return c.notFound();
  // Nobody reads the body of a response to HEAD, so it would wait forever.
  if (c.req.method === 'HEAD')
    return c.body(null, 200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let wake = () => {};
  let latest: Job | undefined = first;
  const unsubscribe = watch.subscribe(key, id, (job) => {
    latest = job;
    wake();
  });
  return eventStream(c, async (stream) => {
    stream.onAbort(() => wake());
    const keepAlive = setInterval(() => void stream.write(': waiting\n\n'), KEEP_ALIVE_MS);
    try {
      let sent = '';
      while (!stream.aborted) {
        // `latest` may change during a write.
        const job = latest;
        if (job === undefined) return;
        // Made first, so that a change during a write is not missed.
        const changed = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const view = JSON.stringify(viewOf(job, requestId));
        const { runningSeconds: _, ...comparable } = job;
        const state = JSON.stringify(comparable);
        if (state !== sent) await stream.writeSSE({ event: 'job', data: view });
        sent = state;
        if (hasEnded(job)) return await finish(stream, job);
        await changed;
      }
    } finally {
      clearInterval(keepAlive);
      unsubscribe();
    }
  });

  async function finish(stream: SSEStreamingApi, job: Job): Promise<void> {
    if (job.state === 'succeeded') {
      const result = await jobs.result(key, id).catch(() => undefined);
      if (result !== undefined) await stream.writeSSE({ event: 'result', data: JSON.stringify(result) });
    } else if (job.problem !== null && job.state === 'failed') {
      const problem = problemOf(job.problem, requestId);
      await stream.writeSSE({ event: 'problem', data: JSON.stringify(problem) });
    }
  }
}
