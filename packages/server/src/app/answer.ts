import type { Progress } from 'voiceflow-ml/core';
import { type Body, collectBody } from './body.ts';
import type { Job, JobReply, Lane } from './engine.ts';
import type { Answer, Exchange } from './exchange.ts';
import { type AppState, type Deadline, deadlineOf } from './state.ts';

export interface Question {
  readonly job: Job;
  readonly lane: Lane;
  readonly maxBytes: number;
  readonly deadlineMs: number;
}

/** A job whose body is there and which nothing has refused so far. */
export interface Accepted {
  readonly body: Body;
  readonly deadline: Deadline;
  /** Milliseconds that the body took to come. */
  readonly receivedMs: number;
}

export interface Done {
  readonly reply: JobReply;
  readonly queueMs: number;
}

/** Refuses what could not be done in time before its body is read, then reads the body. */
export async function accept(x: Exchange, state: AppState, question: Question): Promise<Accepted> {
  const deadline = deadlineOf(x, question.deadlineMs, question.lane);
  const claimed = Number(x.header('content-length')) || 1;
  const queue = state.queues[question.lane];
  const ticket = { cost: costOf(question.lane, claimed), ...deadline };
  // Windows come at once; a recording takes its time, in which the queue will have changed.
  const unclaim = question.lane === 'infer' ? queue.claim(ticket) : queue.assertAdmits(ticket);
  const begun = performance.now();
  try {
    const body = await collectBody({
      claimed,
      maxBytes: question.maxBytes,
      idleMs: state.limits.idleBodyMs,
      budget: state.budget,
      read: x.read,
      signal: x.signal,
    });
    return { body, deadline, receivedMs: performance.now() - begun };
  } finally {
    unclaim?.();
  }
}

/** Waits for a worker and for its answer, and counts both. */
export async function work(
  x: Exchange,
  state: AppState,
  { job, lane }: Question,
  { body, deadline }: Accepted,
  onProgress?: (progress: Progress) => void,
): Promise<Done> {
  let queueMs = 0;
  try {
    const reply = await state.queues[lane].run(
      { cost: costOf(lane, body.bytes), ...deadline, signal: x.signal },
      (signal, waitedMs, step) => {
        queueMs = waitedMs;
        const progressed = (progress: Progress) => {
          step();
          onProgress?.(progress);
        };
        return state.engine.run(job, body.chunks, { signal, onProgress: progressed });
      },
    );
    state.metrics.queueSeconds.observe(queueMs / 1000, { lane });
    state.metrics.inferenceSeconds.observe((reply.timings.model ?? 0) / 1000, { lane });
    state.metrics.audioSeconds.add(reply.audioSeconds, { lane });
    return { reply, queueMs };
  } finally {
    body.release();
  }
}

/** The whole of a plain request: one body, one answer. */
export async function answer(x: Exchange, state: AppState, question: Question): Promise<Answer> {
  const accepted = await accept(x, state, question);
  const { reply, queueMs } = await work(x, state, question, accepted);
  const headers = {
    ...reply.headers,
    'content-type': reply.contentType,
    'server-timing': serverTiming({ receive: accepted.receivedMs, queue: queueMs, ...reply.timings }, x.begun),
    'cache-control': 'no-store',
  };
  return { status: 200, headers, body: reply.body };
}

/** `Server-Timing` of the parts, and of everything since the request's header as `total`. */
export function serverTiming(parts: Readonly<Record<string, number>>, begun: number): string {
  const all = { ...parts, total: performance.now() - begun };
  return Object.entries(all)
    .map(([name, ms]) => `${name};dur=${ms.toFixed(2)}`)
    .join(', ');
}

/** Windows are alike; recordings take time by their length. */
function costOf(lane: Lane, bytes: number): number {
  return lane === 'infer' ? 1 : Math.max(bytes, 1);
}
