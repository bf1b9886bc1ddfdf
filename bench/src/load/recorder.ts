import { DurationHistogram } from '../stats/histogram.ts';
import { type LittlesLaw, littlesLaw } from '../stats/littles-law.ts';
import type { Summary } from '../stats/summary.ts';
import type { Reply } from './target.ts';

/** Milliseconds between samples of the number of active requests. */
const LOOK_INTERVAL = 10;

export interface LoadResult {
  /** Successful and failed requests, without the warm-up. */
  readonly requests: number;
  readonly succeeded: number;
  /** 0–1. */
  readonly successRate: number;
  /** Failures by class, such as `http-503`, `timeout`, `reset`. */
  readonly failures: Readonly<Record<string, number>>;
  /** Seconds from the first send to the last response. */
  readonly seconds: number;
  /** Successful responses per second. */
  readonly throughput: number;
  /** Milliseconds of successful requests, from the intended send time. */
  readonly latency?: Summary;
  /** The same from the actual send time, as a generator that ignores coordinated omission would report. */
  readonly uncorrected?: Summary;
  /** How late the generator itself sent, in milliseconds; its own error. */
  readonly lateness?: Summary;
  /** Milliseconds reported by the server, by part: queue, decode, model, total. */
  readonly server: Readonly<Record<string, Summary | undefined>>;
  /** Responses by `x-served-by`, if the server sends it. */
  readonly servedBy: Readonly<Record<string, number>>;
  readonly littlesLaw: LittlesLaw;
  /** CPU milliseconds of the generator itself per request. */
  readonly generatorCpu: number;
  /** Percentile and milliseconds of `latency`, for charts. */
  readonly curve: readonly (readonly [percent: number, milliseconds: number])[];
}

/** Records the outcome of each request and computes the result. */
export class Recorder {
  readonly #latency = new DurationHistogram();
  readonly #uncorrected = new DurationHistogram();
  readonly #lateness = new DurationHistogram();
  readonly #server = new Map<string, DurationHistogram>();
  readonly #failures = new Map<string, number>();
  readonly #servedBy = new Map<string, number>();
  readonly #start = performance.now();
  readonly #cpu = process.cpuUsage();
  readonly #looking: NodeJS.Timeout;
  #waited = 0;
  #last = this.#start;
  #underWay = 0;
  #looks = 0;
  #seen = 0;
  #succeeded = 0;
  #failed = 0;

  constructor() {
    this.#looking = setInterval(() => {
      this.#looks++;
      this.#seen += this.#underWay;
    }, LOOK_INTERVAL);
  }

  /** Records that a request is sent; returns the time. */
  sent(): number {
    this.#underWay++;
    return performance.now();
  }

  /**
   * @param intended When the request should have been sent.
   * @param sent When it was sent. Both by `performance.now()`.
   * @returns Milliseconds since it was sent.
   */
  done(reply: Reply, intended: number, sent: number): number {
    const now = performance.now();
    this.#last = now;
    this.#underWay--;
    this.#waited += now - sent;
    if (reply.server !== undefined) count(this.#servedBy, reply.server);
    if (!reply.ok) {
      this.#failed++;
      count(this.#failures, reply.failure);
      return now - sent;
    }
    this.#succeeded++;
    this.#latency.record(now - intended);
    this.#uncorrected.record(now - sent);
    this.#lateness.record(sent - intended);
    for (const [part, duration] of Object.entries(reply.timing)) {
      const durations = this.#server.get(part) ?? new DurationHistogram();
      this.#server.set(part, durations);
      durations.record(duration);
    }
    return now - sent;
  }

  finish(): LoadResult {
    clearInterval(this.#looking);
    const seconds = Math.max((this.#last - this.#start) / 1000, 1e-9);
    const requests = this.#succeeded + this.#failed;
    const cpu = process.cpuUsage(this.#cpu);
    const observed = this.#looks > 0 ? this.#seen / this.#looks : 0;
    return {
      requests,
      succeeded: this.#succeeded,
      successRate: requests > 0 ? this.#succeeded / requests : 0,
      failures: Object.fromEntries(this.#failures),
      seconds,
      throughput: this.#succeeded / seconds,
      latency: this.#latency.summary(),
      uncorrected: this.#uncorrected.summary(),
      lateness: this.#lateness.summary(),
      server: Object.fromEntries([...this.#server].map(([part, durations]) => [part, durations.summary()])),
      servedBy: Object.fromEntries(this.#servedBy),
      littlesLaw: littlesLaw(requests / seconds, requests > 0 ? this.#waited / requests : 0, observed, this.#looks),
      generatorCpu: requests > 0 ? (cpu.user + cpu.system) / 1000 / requests : 0,
      curve: this.#latency.curve(),
    };
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
