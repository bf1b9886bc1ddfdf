import { type Progress, VoiceFlowError } from 'voiceflow-ml/core';
import { secondsOf } from '../admission/cost.ts';
import type { Lane, Task, TaskReply } from '../engine/engine.ts';
import { type Body, collectBody } from '../http/body.ts';
import { type Answer, clientOf, type Exchange } from '../http/exchange.ts';
import { type AppState, type Deadline, deadlineOf } from '../state.ts';

export interface Question {
  readonly task: Task;
  readonly lane: Lane;
  readonly maxBytes: number;
  readonly deadlineMs: number;
}

/** A task whose body is there and which nothing has refused so far. */
export interface Accepted {
  readonly body: Body;
  readonly deadline: Deadline;
  /** Milliseconds that the body took to come. */
  readonly receivedMs: number;
}

export interface Done {
  readonly reply: TaskReply;
  readonly queueMs: number;
}

/** Refuses what could not be done in time before its body is read, then reads the body. */
export async function accept(x: Exchange, state: AppState, question: Question): Promise<Accepted> {
  const deadline = deadlineOf(x, question.deadlineMs, question.lane, state.limits.workMs);
  // By key alone: behind a proxy, an address may be everybody's.
  if (x.client !== undefined) state.strikes.check(x.client);
  const coding = x.header('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (coding !== '' && coding !== 'identity') {
    throw new VoiceFlowError('unsupported-format', `the body is encoded as "${coding.slice(0, 20)}"`, {
      hint: 'Send it as it is, without Content-Encoding.',
    });
  }
  if (state.engine.failure !== undefined) throw state.engine.failure;
  const claimed = Number(x.header('content-length')) || 1;
  const queue = state.queues[question.lane];
  // How long a recording is, its body tells: so far, what is ahead of it counts.
  const ticket = { cost: 1, ...deadline, client: clientOf(x) };
  queue.assertAdmits(ticket);
  let unclaim: (() => void) | undefined;
  const begun = performance.now();
  try {
    const body = await collectBody({
      claimed,
      maxBytes: question.maxBytes,
      idleMs: state.limits.idleBodyMs,
      budget: state.budget,
      read: x.read,
      signal: x.signal,
      // Windows come at once; a recording takes its time, in which the queue will have changed. A header alone is no
      // claim to a place.
      onFirst: () => {
        if (question.lane === 'infer') unclaim = queue.claim(ticket);
      },
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
  { task, lane }: Question,
  { body, deadline }: Accepted,
  onProgress?: (progress: Progress) => void,
): Promise<Done> {
  let queueMs = 0;
  try {
    const reply = await state.queues[lane].run(
      { cost: costOf(lane, body.chunks, body.bytes), ...deadline, client: clientOf(x), signal: x.signal },
      (signal, waitedMs, step) => {
        queueMs = waitedMs;
        const progressed = (progress: Progress) => {
          step();
          onProgress?.(progress);
        };
        return state.engine.run(task, body.chunks, {
          signal,
          onProgress: progressed,
          onBlame: () => x.client !== undefined && state.strikes.add(x.client),
        });
      },
    );
    holdAnswer(x, state, reply.body.byteLength);
    state.metrics.queueSeconds.observe(queueMs / 1000, { lane });
    state.metrics.inferenceSeconds.observe((reply.timings.model ?? 0) / 1000, { lane });
    state.metrics.audioSeconds.add(reply.audioSeconds, { lane });
    return { reply, queueMs };
  } finally {
    body.release();
  }
}

/** Counts an answer until its client has it: one that nobody reads must not be held beside the budget. */
function holdAnswer(x: Exchange, { budget }: AppState, bytes: number): void {
  budget.take(bytes);
  x.whenSent(() => budget.give(bytes));
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
export function costOf(lane: Lane, chunks: readonly Uint8Array[], bytes: number): number {
  return lane === 'infer' ? 1 : secondsOf(chunks, bytes);
}
