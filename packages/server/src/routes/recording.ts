import type { Context } from 'hono';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { type Accepted, accept, answer, costOf, type Question, serverTiming, work } from '../app/answer.ts';
import type { JobOutput } from '../app/engine.ts';
import { respond } from '../app/exchange.ts';
import { toProblem } from '../app/problem.ts';
import type { AppContext, AppState } from '../app/state.ts';

/** `POST /v1/diarize`: who spoke when. */
export async function diarize(c: AppContext, state: AppState): Promise<Response> {
  const accepts = c.req.header('accept') ?? '';
  const question = recordingQuestion(c, state, 'diarize', diarizeOutput(accepts, c.req.query('format')));
  if (!accepts.includes('text/event-stream')) return respond(c, await answer(c.var.exchange, state, question));
  const accepted = await accept(c.var.exchange, state, question);
  try {
    state.queues.recording.assertAdmits({
      cost: costOf('recording', accepted.body.chunks, accepted.body.bytes),
      ...accepted.deadline,
    });
  } catch (error) {
    accepted.body.release();
    throw error;
  }
  return eventStream(c, state, question, accepted);
}

/** `POST /v1/embed`: the voice of a recording, or of a part of it. */
export async function embed(c: AppContext, state: AppState): Promise<Response> {
  const output = (c.req.header('accept') ?? '').includes('application/octet-stream') ? 'binary' : 'json';
  return respond(c, await answer(c.var.exchange, state, recordingQuestion(c, state, 'embed', output)));
}

function recordingQuestion(c: AppContext, state: AppState, kind: 'diarize' | 'embed', output: JobOutput): Question {
  return {
    job: {
      kind,
      contentType: c.req.header('content-type') ?? '',
      output,
      params: queryOf(c),
      maxSeconds: state.limits.audioSeconds,
    },
    lane: 'recording',
    maxBytes: state.limits.bodyBytes,
    deadlineMs: state.limits.deadlineMs,
  };
}

/** The form of the result: by `format` in the query, which a link or curl can say easily, or by `Accept`. */
export function diarizeOutput(accepts: string, format: string | undefined): JobOutput {
  if (format !== undefined) {
    if (format === 'json' || format === 'rttm' || format === 'srt' || format === 'vtt') return format;
    throw new VoiceFlowError('invalid-option', `format is "${format.slice(0, 20)}", expected json, rttm, srt or vtt`);
  }
  if (/text\/plain\b[^,]*format="?rttm/i.test(accepts)) return 'rttm';
  if (accepts.includes('application/x-subrip')) return 'srt';
  if (accepts.includes('text/vtt')) return 'vtt';
  return 'json';
}

/** @throws `invalid-option` for an option that is given twice. */
export function queryOf(c: Context): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [name, values] of Object.entries(c.req.queries())) {
    const [value] = values;
    if (value === undefined || values.length > 1) {
      throw new VoiceFlowError('invalid-option', `the option "${name.slice(0, 60)}" is given ${values.length} times`);
    }
    params[name] = value;
  }
  return params;
}

/** A comment this often keeps proxies from closing a silent stream. */
const KEEP_ALIVE_MS = 15_000;
/** Progress is told at most this often; the newest is what counts. */
const PROGRESS_MS = 100;

/**
 * Server-sent events: `progress` while it runs, then `result`, or `problem` with what would have been the problem
 * response. A reader that is slow misses progress, never the result.
 */
function eventStream(c: AppContext, state: AppState, question: Question, accepted: Accepted): Response {
  const encoder = new TextEncoder();
  let keepAlive: ReturnType<typeof setInterval> | undefined;
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      let told = Number.NEGATIVE_INFINITY;
      const roomy = () => (controller.desiredSize ?? 0) > 0;
      const write = (text: string) => {
        try {
          controller.enqueue(encoder.encode(text));
        } catch {
          // The reader has left; the request's signal stops the job.
        }
      };
      const send = (event: string, data: string) =>
        write(
          `event: ${event}\n${data
            .split('\n')
            .map((line) => `data: ${line}\n`)
            .join('')}\n`,
        );
      keepAlive = setInterval(() => roomy() && write(': waiting\n\n'), KEEP_ALIVE_MS);
      // Sent at once: the client sees that it was accepted.
      write(': accepted\n\n');
      const { requestId, begun } = c.var.exchange;
      try {
        const { reply, queueMs } = await work(c.var.exchange, state, question, accepted, (progress) => {
          const now = performance.now();
          if (now - told < PROGRESS_MS || !roomy()) return;
          told = now;
          send('progress', JSON.stringify(progress));
        });
        send('result', new TextDecoder().decode(reply.body));
        write(`: ${serverTiming({ receive: accepted.receivedMs, queue: queueMs, ...reply.timings }, begun)}\n\n`);
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
          // Cancelled by its reader.
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
