import type { Task } from '../../engine/engine.ts';
import type { AppContext } from '../../http/context.ts';
import { toProblem } from '../../http/problem.ts';
import type { AppState } from '../../state.ts';
import { type Accepted, serverTiming, work } from '../run-task.ts';

/** Interval of comments that keep proxies from closing a silent stream. */
const KEEP_ALIVE_MS = 15_000;
/** Shortest interval between progress events. */
const PROGRESS_MS = 100;

/**
 * Sends server-sent events: `progress` during the work, then `result`, or `problem` with the content of the problem
 * response. A slow reader may miss progress, but never the result.
 */
export function eventStream(c: AppContext, state: AppState, task: Task, accepted: Accepted): Response {
  const encoder = new TextEncoder();
  let keepAlive: ReturnType<typeof setInterval> | undefined;
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      let reportedAt = Number.NEGATIVE_INFINITY;
      const canWrite = () => (controller.desiredSize ?? 0) > 0;
      const write = (text: string) => {
        try {
          controller.enqueue(encoder.encode(text));
        } catch {
          // The reader has disconnected; the request's signal stops the task.
        }
      };
      const send = (event: string, data: string) =>
        write(
          `event: ${event}\n${data
            .split('\n')
            .map((line) => `data: ${line}\n`)
            .join('')}\n`,
        );
      keepAlive = setInterval(() => canWrite() && write(': waiting\n\n'), KEEP_ALIVE_MS);
      // Sent at once, so that the client sees that the request was accepted.
      write(': accepted\n\n');
      const requestId = c.get('requestId');
      try {
        const { reply, queueMs } = await work(c, state, task, accepted, (progress) => {
          const now = performance.now();
          if (now - reportedAt < PROGRESS_MS || !canWrite()) return;
          reportedAt = now;
          send('progress', JSON.stringify(progress));
        });
        send('result', new TextDecoder().decode(reply.body));
        write(
          `: ${serverTiming({ receive: accepted.receivedMs, queue: queueMs, ...reply.timings }, c.get('startedAt'))}\n\n`,
        );
        state.metrics.requests.add(1, { route: '/v1/diarize', outcome: 'ok' });
      } catch (error) {
        const body = toProblem(error, requestId);
        state.metrics.refusals.add(1, { code: body.code });
        state.metrics.requests.add(1, { route: '/v1/diarize', outcome: body.code });
        state.log({ level: 'warn', message: 'stream failed', requestId, code: body.code });
        send('problem', JSON.stringify(body));
      } finally {
        clearInterval(keepAlive);
        try {
          controller.close();
        } catch {
          // The reader has canceled the stream.
        }
      }
    },
    cancel() {
      clearInterval(keepAlive);
    },
  });
  return c.body(stream, 200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
}
