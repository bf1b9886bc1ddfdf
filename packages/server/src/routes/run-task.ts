import { type Progress, VoiceFlowError } from 'voiceflow-ml/core';
import { secondsOf } from '../admission/cost.ts';
import type { Lane, Task, TaskReply } from '../engine/engine.ts';
import { type Body, collectBody } from '../http/body.ts';
import { clientOf, type Exchange, type PlainResponse } from '../http/exchange.ts';
import { type AppState, type Deadline, deadlineOf } from '../state.ts';

export interface TaskRequest {
  readonly task: Task;
  readonly lane: Lane;
  readonly maxBytes: number;
  readonly deadlineMs: number;
}

/** A request that was admitted and whose body was received. */
export interface Accepted {
  readonly body: Body;
  readonly deadline: Deadline;
  /** Milliseconds that it took to receive the body. */
  readonly receivedMs: number;
}

export interface Done {
  readonly reply: TaskReply;
  readonly queueMs: number;
}

/** Refuses a request that could not be done in time before its body is read; then reads the body. */
export async function accept(x: Exchange, state: AppState, taskRequest: TaskRequest): Promise<Accepted> {
  const deadline = deadlineOf(x, taskRequest.deadlineMs, taskRequest.lane, state.limits.workMs);
  // Strikes count by key only: behind a proxy, all clients may have the same address.
  if (x.client !== undefined) state.strikes.check(x.client);
  const coding = x.header('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (coding !== '' && coding !== 'identity') {
    throw new VoiceFlowError('unsupported-format', `Content-Encoding is "${coding.slice(0, 20)}", expected none`, {
      hint: 'Send the body uncompressed, without Content-Encoding.',
    });
  }
  if (state.engine.failure !== undefined) throw state.engine.failure;
  const claimed = Number(x.header('content-length')) || 1;
  const queue = state.queues[taskRequest.lane];
  // The length of a recording is known only from its body, so only the work ahead of it counts here.
  const ticket = { cost: 1, ...deadline, client: clientOf(x) };
  queue.assertAdmits(ticket);
  let unclaim: (() => void) | undefined;
  const startedAt = performance.now();
  try {
    const body = await collectBody({
      claimed,
      maxBytes: taskRequest.maxBytes,
      idleMs: state.limits.idleBodyMs,
      budget: state.budget,
      read: x.read,
      signal: x.signal,
      // Only windows claim a place: their bodies arrive at once, but the queue changes while a recording arrives. A
      // header alone does not claim a place.
      onFirst: () => {
        if (taskRequest.lane === 'infer') unclaim = queue.claim(ticket);
      },
    });
    return { body, deadline, receivedMs: performance.now() - startedAt };
  } finally {
    unclaim?.();
  }
}

/** Waits for a worker and for its reply, and records both times. */
export async function work(
  x: Exchange,
  state: AppState,
  { task, lane }: TaskRequest,
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
    countResponse(x, state, reply.body.byteLength);
    state.metrics.queueSeconds.observe(queueMs / 1000, { lane });
    state.metrics.inferenceSeconds.observe((reply.timings.model ?? 0) / 1000, { lane });
    state.metrics.audioSeconds.add(reply.audioSeconds, { lane });
    return { reply, queueMs };
  } finally {
    body.release();
  }
}

/** Counts a response in the budget until it was sent, so that unread responses cannot exceed the budget. */
function countResponse(x: Exchange, { budget }: AppState, bytes: number): void {
  budget.take(bytes);
  x.whenSent(() => budget.give(bytes));
}

/** Handles a plain request completely: one body, one response. */
export async function runTask(x: Exchange, state: AppState, taskRequest: TaskRequest): Promise<PlainResponse> {
  const accepted = await accept(x, state, taskRequest);
  const { reply, queueMs } = await work(x, state, taskRequest, accepted);
  const headers = {
    ...reply.headers,
    'content-type': reply.contentType,
    'server-timing': serverTiming({ receive: accepted.receivedMs, queue: queueMs, ...reply.timings }, x.startedAt),
    'cache-control': 'no-store',
  };
  return { status: 200, headers, body: reply.body };
}

/** `Server-Timing` of the parts; `total` is the time since the request's header. */
export function serverTiming(parts: Readonly<Record<string, number>>, startedAt: number): string {
  const all = { ...parts, total: performance.now() - startedAt };
  return Object.entries(all)
    .map(([name, ms]) => `${name};dur=${ms.toFixed(2)}`)
    .join(', ');
}

/** All windows cost the same; the cost of a recording is its length. */
export function costOf(lane: Lane, chunks: readonly Uint8Array[], bytes: number): number {
  return lane === 'infer' ? 1 : secondsOf(chunks, bytes);
}
