import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { Job } from '../queue/types.ts';
import type { RouteParts } from './parts.ts';
import { hasEnded, viewOf } from './view.ts';

/** Interval of comments that keep proxies from closing a silent stream. */
const KEEP_ALIVE_MS = 15_000;

/** `GET /v1/jobs/:id/events`: sends `job` at once and on each change, and `result` or `problem` at the end. */
export async function eventsOf(c: Context, id: string, parts: RouteParts): Promise<Response> {
  const { jobs, host, watch } = parts;
  const key = host.client(c);
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
  c.header('x-accel-buffering', 'no');
  const response = streamSSE(c, async (stream) => {
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
        const view = JSON.stringify(viewOf(job, host, host.requestId(c)));
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
  // Hono sets no-cache, which allows a cache to keep a job.
  response.headers.set('cache-control', 'no-store');
  // It also sets these, which are for the runtime to choose: the client may want to close, or speak HTTP/1.0.
  response.headers.delete('connection');
  response.headers.delete('transfer-encoding');
  return response;

  async function finish(stream: SSEStreamingApi, job: Job): Promise<void> {
    if (job.state === 'succeeded') {
      const result = await jobs.result(key, id).catch(() => undefined);
      if (result !== undefined) await stream.writeSSE({ event: 'result', data: JSON.stringify(result) });
    } else if (job.problem !== null && job.state === 'failed') {
      const problem = host.problem(job.problem, host.requestId(c));
      await stream.writeSSE({ event: 'problem', data: JSON.stringify(problem) });
    }
  }
}
