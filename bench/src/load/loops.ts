import type { Random } from '../stats/random.ts';
import { givingWay } from './give-way.ts';
import { type LoadResult, Recorder } from './recorder.ts';
import type { Reply, Target } from './target.ts';

/**
 * Sends `count` requests, `concurrency` at a time, and ignores the results, to open connections and warm up the code.
 */
export async function warmUp(target: Target, count: number, concurrency: number): Promise<void> {
  let left = count;
  const client = async () => {
    while (left-- > 0) await target.send();
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, client));
}

/**
 * Closed loop: each of `concurrency` clients sends its next request after the previous response. It shows the highest
 * throughput, but its latencies suffer from coordinated omission, because clients wait for the server.
 */
export async function closedLoop(
  target: Target,
  options: {
    readonly requests: number;
    readonly concurrency: number;
    readonly signal?: AbortSignal;
    /** Called after each response with their number. */
    readonly onProgress?: (done: number) => void;
    /** Called with each response and its latency in milliseconds. */
    readonly onReply?: (reply: Reply, latency: number) => void;
  },
): Promise<LoadResult> {
  const recorder = new Recorder();
  let left = options.requests;
  let done = 0;
  const client = async () => {
    while (left-- > 0 && !options.signal?.aborted) {
      const sent = recorder.sent();
      const reply = await target.send();
      const latency = recorder.done(reply, sent, sent);
      options.onReply?.(reply, latency);
      options.onProgress?.(++done);
    }
  };
  await givingWay(() => Promise.all(Array.from({ length: options.concurrency }, client)));
  return recorder.finish();
}

/**
 * Times at which requests are due, in milliseconds after the start: evenly spaced, or random (Poisson) as from many
 * users.
 */
export function* arrivals(rate: number, seconds: number, random?: Random): Generator<number> {
  const gap = 1000 / rate;
  const end = seconds * 1000;
  // Even spacing uses a product instead of a sum, so that rounding errors do not accumulate.
  for (let i = 0, at = 0; at < end; i++) {
    yield at;
    at = random === undefined ? (i + 1) * gap : at - Math.log(1 - random()) * gap;
  }
}

/**
 * Open loop: requests are due at fixed times, independent of earlier responses, and each latency counts from the due
 * time. So a stall of the server affects the latency of every request that it delays, including those that wait for a
 * free connection in this generator.
 */
export async function openLoop(
  target: Target,
  options: {
    readonly rate: number;
    readonly seconds: number;
    readonly connections: number;
    readonly random?: Random;
    readonly signal?: AbortSignal;
  },
): Promise<LoadResult> {
  const recorder = new Recorder();
  const start = performance.now();
  const waiting: number[] = [];
  let next = 0;
  let running = 0;
  let onIdle: (() => void) | undefined;

  const launch = async (intended: number): Promise<void> => {
    const sent = recorder.sent();
    running++;
    recorder.done(await target.send(), intended, sent);
    running--;
    const waited = waiting[next];
    if (waited !== undefined && !options.signal?.aborted) {
      next++;
      void launch(waited);
    } else if (running === 0) onIdle?.();
  };
  const drive = async () => {
    for (const offset of arrivals(options.rate, options.seconds, options.random)) {
      await until(start + offset);
      if (options.signal?.aborted) break;
      if (running < options.connections) void launch(start + offset);
      else waiting.push(start + offset);
    }
    if (running > 0) {
      await new Promise<void>((resolve) => {
        onIdle = resolve;
      });
    }
  };
  await givingWay(drive);
  return recorder.finish();
}

/**
 * Waits until a time. Never early; up to a millisecond late, because timers have whole milliseconds. The lateness is
 * recorded.
 */
async function until(time: number): Promise<void> {
  for (let left = time - performance.now(); left > 0; left = time - performance.now()) {
    const whole = Math.ceil(left);
    await new Promise((resolve) => setTimeout(resolve, whole));
  }
}
