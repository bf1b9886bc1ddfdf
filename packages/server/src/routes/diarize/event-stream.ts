import type { Progress } from 'voiceflow-ml/core';
import type { Task } from '../../engine/engine.ts';
import type { AppContext } from '../../http/context.ts';
import { toProblem } from '../../http/problem.ts';
import { eventStream, KEEP_ALIVE_MS } from '../../http/sse.ts';
import type { AppState } from '../../state.ts';
import { type Accepted, serverTiming, work } from '../run-task.ts';

/** Shortest interval between progress events. */
const PROGRESS_MS = 100;

/**
 * Sends server-sent events: `progress` during the work, then `result`, or `problem` with the content of the problem
 * response. A slow reader may miss progress, but never the result.
 */
export function diarizeEvents(c: AppContext, state: AppState, task: Task, accepted: Accepted): Response {
  const response = eventStream(c, async (stream) => {
    let reportedAt = Number.NEGATIVE_INFINITY;
    /** Whether the reader has not taken the last write yet. */
    let busy = false;
    const write = async (text: string) => {
      busy = true;
      await stream.write(text);
      busy = false;
    };
    const send = (event: string, data: string) =>
      write(`event: ${event}\ndata: ${data.replaceAll('\n', '\ndata: ')}\n\n`);
    const keepAlive = setInterval(() => {
      if (!busy) void write(': waiting\n\n');
    }, KEEP_ALIVE_MS);
    // Sent at once, so that the client sees that the request was accepted.
    void write(': accepted\n\n');
    const onProgress = (progress: Progress) => {
      const now = performance.now();
      if (now - reportedAt < PROGRESS_MS || busy) return;
      reportedAt = now;
      void send('progress', JSON.stringify(progress));
    };
    try {
      const { reply, queueMs } = await work(c, state, task, accepted, onProgress);
      void send('result', new TextDecoder().decode(reply.body));
      const timings = { receive: accepted.receivedMs, queue: queueMs, ...reply.timings };
      void write(`: ${serverTiming(timings, c.get('startedAt'))}\n\n`);
      state.metrics.requests.add(1, { route: '/v1/diarize', outcome: 'ok' });
    } catch (error) {
      const requestId = c.get('requestId');
      const body = toProblem(error, requestId);
      state.metrics.refusals.add(1, { code: body.code });
      state.metrics.requests.add(1, { route: '/v1/diarize', outcome: body.code });
      state.log({ level: 'warn', message: 'stream failed', requestId, code: body.code });
      void send('problem', JSON.stringify(body));
    } finally {
      clearInterval(keepAlive);
      const seconds = (performance.now() - c.get('startedAt')) / 1000;
      state.metrics.requestSeconds.observe(seconds, { route: '/v1/diarize' });
    }
  });
  response.headers.set('content-type', 'text/event-stream; charset=utf-8');
  return response;
}
