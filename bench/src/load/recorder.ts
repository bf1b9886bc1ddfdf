import { Histogram } from '../stats/histogram.ts';
import { type LittlesLaw, littlesLaw } from '../stats/littles-law.ts';
import { type Summary, summarize } from '../stats/summary.ts';
import type { Reply } from './target.ts';

/** Samples kept one by one; beyond this the histogram alone goes on. */
const MOST_SAMPLES = 100_000;
/** Milliseconds between looks at how many requests are under way. */
const LOOK_INTERVAL = 10;

export interface LoadResult {
  /** Requests that were answered well or failed, warm-up not counted. */
  readonly requests: number;
  readonly succeeded: number;
  /** 0–1. */
  readonly successRate: number;
  /** Failures by class, such as `http-503`, `timeout`, `reset`. */
  readonly failures: Readonly<Record<string, number>>;
  /** Seconds from the first send to the last answer. */
  readonly seconds: number;
  /** Successful answers a second. */
  readonly throughput: number;
  /** Milliseconds of successful requests, from the intended send time. */
  readonly latency?: Summary;
  /** The same from the actual send time: what a generator blind to coordinated omission would report. */
  readonly uncorrected?: Summary;
  /** How late the generator itself sent: its own error, in milliseconds. */
  readonly lateness?: Summary;
  /** Milliseconds until a failure was known. */
  readonly failureLatency?: Summary;
  /** Milliseconds the server reported, by part: queue, decode, model, total. */
  readonly server: Readonly<Record<string, Summary>>;
  /** Answers by `x-served-by`, where the server says it. */
  readonly servedBy: Readonly<Record<string, number>>;
  readonly littlesLaw: LittlesLaw;
  /** CPU-milliseconds of the generator itself, a request. */
  readonly generatorCpu: number;
  /** Microseconds up to, count: the latency histogram. */
  readonly histogram: readonly (readonly [number, number])[];
  /** Milliseconds, in order of completion. */
  readonly samples: { readonly latency: readonly number[]; readonly model: readonly number[] };
}

/** Takes down what happens to each request and makes the result of it. */
export class Recorder {
  readonly #latency: number[] = [];
  readonly #uncorrected: number[] = [];
  readonly #lateness: number[] = [];
  readonly #failureLatency: number[] = [];
  readonly #server = new Map<string, number[]>();
  readonly #failures = new Map<string, number>();
  readonly #servedBy = new Map<string, number>();
  readonly #histogram = new Histogram();
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

  /** A request goes out: gives the time of it. */
  sent(): number {
    this.#underWay++;
    return performance.now();
  }

  /** @param intended When it should have been sent. @param sent When it was. Both by `performance.now()`. */
  done(reply: Reply, intended: number, sent: number): void {
    const now = performance.now();
    this.#last = now;
    this.#underWay--;
    this.#waited += now - sent;
    if (reply.server !== undefined) count(this.#servedBy, reply.server);
    if (!reply.ok) {
      this.#failed++;
      count(this.#failures, reply.failure);
      keep(this.#failureLatency, now - intended);
      return;
    }
    this.#succeeded++;
    this.#histogram.record((now - intended) * 1000);
    keep(this.#latency, now - intended);
    keep(this.#uncorrected, now - sent);
    keep(this.#lateness, sent - intended);
    for (const [part, duration] of Object.entries(reply.timing)) {
      const samples = this.#server.get(part) ?? [];
      this.#server.set(part, samples);
      keep(samples, duration);
    }
  }

  finish(): LoadResult {
    clearInterval(this.#looking);
    const seconds = Math.max((this.#last - this.#start) / 1000, 1e-9);
    const requests = this.#succeeded + this.#failed;
    const cpu = process.cpuUsage(this.#cpu);
    const observed = this.#looks > 0 ? this.#seen / this.#looks : 0;
    const server: Record<string, Summary> = {};
    for (const [part, samples] of this.#server) assign(server, part, summarize(samples));
    return {
      requests,
      succeeded: this.#succeeded,
      successRate: requests > 0 ? this.#succeeded / requests : 0,
      failures: Object.fromEntries(this.#failures),
      seconds,
      throughput: this.#succeeded / seconds,
      ...optional('latency', this.#histogram.summary(1000)),
      ...optional('uncorrected', summarize(this.#uncorrected)),
      ...optional('lateness', summarize(this.#lateness)),
      ...optional('failureLatency', summarize(this.#failureLatency)),
      server,
      servedBy: Object.fromEntries(this.#servedBy),
      littlesLaw: littlesLaw(requests / seconds, requests > 0 ? this.#waited / requests : 0, observed, this.#looks),
      generatorCpu: requests > 0 ? (cpu.user + cpu.system) / 1000 / requests : 0,
      histogram: this.#histogram.buckets(),
      samples: { latency: this.#latency.map(micro), model: (this.#server.get('model') ?? []).map(micro) },
    };
  }
}

function keep(samples: number[], value: number): void {
  if (samples.length < MOST_SAMPLES) samples.push(value);
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function assign(record: Record<string, Summary>, key: string, value: Summary | undefined): void {
  if (value !== undefined) record[key] = value;
}

function optional<K extends string>(key: K, value: Summary | undefined): { [P in K]?: Summary } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: Summary });
}

function micro(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
