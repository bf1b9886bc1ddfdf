import { invalidOption, type Progress } from 'voiceflow-ml/core';
import { secondsOf } from '../admission/cost.ts';
import type { Ticket } from '../admission/request-queue.ts';
import { type Lane, laneOf, type Task, type TaskReply } from '../engine/engine.ts';
import { assertUncompressed, type Body, collectBody, openWebStream } from '../http/body.ts';
import type { AppContext } from '../http/context.ts';
import type { Limits } from '../limits.ts';
import type { AppState } from '../state.ts';

/** A deadline, and whether each step of the work renews it. */
type Deadline = Pick<Ticket, 'deadlineMs' | 'renewable' | 'workMs'>;

/** A request that was admitted and whose body was received. */
export interface Accepted {
  readonly body: Body;
  readonly cost: number;
  readonly deadline: Deadline;
  /** Milliseconds that it took to receive the body. */
  readonly receivedMs: number;
}

/**
 * The client's `x-deadline-ms`, at most the server's limit: from the body's last byte to the response. Default: the
 * server's limit; for a recording, each step then renews it, because four hours of audio take minutes.
 * @throws `invalid-option`.
 */
function deadlineOf(c: AppContext, lane: Lane, limits: Limits): Deadline {
  const limitMs = lane === 'infer' ? limits.inferDeadlineMs : limits.deadlineMs;
  const header = c.req.header('x-deadline-ms');
  if (header === undefined) return { deadlineMs: limitMs, renewable: lane === 'recording', workMs: limits.workMs };
  if (!/^\d{1,9}$/.test(header) || Number(header) === 0) {
    throw invalidOption(
      `x-deadline-ms is "${header.slice(0, 20)}", expected a whole number of milliseconds, at least 1`,
    );
  }
  return { deadlineMs: Math.min(Number(header), limitMs) };
}

/** Refuses a request that could not be done in time before its body is read; then reads the body. */
export async function accept(c: AppContext, state: AppState, task: Task): Promise<Accepted> {
  const { limits, options } = state;
  const lane = laneOf(task);
  const deadline = deadlineOf(c, lane, limits);
  // Strikes count by key only: behind a proxy, all clients may have the same address.
  const client = c.get('client');
  if (client !== undefined) state.strikes.check(client);
  assertUncompressed(c.req.header('content-encoding'));
  if (state.engine.failure !== undefined) throw state.engine.failure;
  const claimed = Number(c.req.header('content-length')) || 1;
  const queue = state.queues[lane];
  // The length of a recording is known only from its body, so only the work ahead of it counts here.
  const ticket = { cost: 1, ...deadline, client: c.get('caller') };
  queue.assertAdmits(ticket);
  let unclaim: (() => void) | undefined;
  const startedAt = performance.now();
  try {
    const body = await collectBody({
      claimed,
      maxBytes: lane === 'infer' ? limits.inferBodyBytes : limits.bodyBytes,
      idleMs: limits.idleBodyMs,
      budget: state.budget,
      body: (options.openBody ?? openWebStream)(c),
      signal: c.req.raw.signal,
      // Only windows claim a place: their bodies arrive at once, but the queue changes while a recording arrives. A
      // header alone does not claim a place.
      onFirst: () => {
        if (lane === 'infer') unclaim = queue.claim(ticket);
      },
    });
    // All windows cost the same; the cost of a recording is its length.
    const cost = lane === 'infer' ? 1 : secondsOf(body.chunks, body.bytes);
    return { body, cost, deadline, receivedMs: performance.now() - startedAt };
  } finally {
    unclaim?.();
  }
}

/** Waits for a worker and for its reply, and records both times. */
export async function work(
  c: AppContext,
  state: AppState,
  task: Task,
  { body, cost, deadline }: Accepted,
  onProgress?: (progress: Progress) => void,
): Promise<{ reply: TaskReply; queueMs: number }> {
  const lane = laneOf(task);
  const client = c.get('client');
  let queueMs = 0;
  try {
    const reply = await state.queues[lane].run(
      { cost, ...deadline, client: c.get('caller'), signal: c.req.raw.signal },
      (signal, waitedMs, step) => {
        queueMs = waitedMs;
        const progressed = (progress: Progress) => {
          step();
          onProgress?.(progress);
        };
        return state.engine.run(task, body.chunks, {
          signal,
          onProgress: progressed,
          onBlame: () => client !== undefined && state.strikes.add(client),
        });
      },
    );
    countResponse(c, state, reply.body.byteLength);
    state.metrics.queueSeconds.observe(queueMs / 1000, { lane });
    state.metrics.inferenceSeconds.observe((reply.timings.model ?? 0) / 1000, { lane });
    state.metrics.audioSeconds.add(reply.audioSeconds, { lane });
    return { reply, queueMs };
  } finally {
    body.release();
  }
}

/** Counts a response in the budget until it was sent, so that unread responses cannot exceed the budget. */
function countResponse(c: AppContext, { budget, options }: AppState, bytes: number): void {
  const { take, release } = budget.hold();
  take(bytes);
  if (options.whenSent?.(c, release) === undefined) release();
}

/** Handles a plain request completely: one body, one response. */
export async function runTask(c: AppContext, state: AppState, task: Task): Promise<Response> {
  const accepted = await accept(c, state, task);
  const { reply, queueMs } = await work(c, state, task, accepted);
  return c.body(reply.body, 200, {
    ...reply.headers,
    'content-type': reply.contentType,
    'server-timing': serverTiming(
      { receive: accepted.receivedMs, queue: queueMs, ...reply.timings },
      c.get('startedAt'),
    ),
    'cache-control': 'no-store',
  });
}

/** `Server-Timing` of the parts; `total` is the time since the request's header. */
export function serverTiming(parts: Readonly<Record<string, number>>, startedAt: number): string {
  const all = { ...parts, total: performance.now() - startedAt };
  return Object.entries(all)
    .map(([name, ms]) => `${name};dur=${ms.toFixed(2)}`)
    .join(', ');
}
