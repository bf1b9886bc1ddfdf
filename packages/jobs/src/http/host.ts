import type { Context } from 'hono';
import type { JobOptions, JobProblem } from '../queue/types.ts';
import type { Registry } from '../worker/metrics.ts';
import type { Recordings } from '../worker/recordings.ts';
import type { Log } from '../worker/worker.ts';

export type ResultFormat = 'json' | 'rttm' | 'srt' | 'vtt';

/** Options of a submission that the queue itself knows. */
export interface Submission {
  readonly url?: string | undefined;
  readonly webhook?: string | undefined;
  readonly priority: number;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** What the server gives the routes of jobs: all that it does for its own routes as well. */
export interface JobsHost {
  readonly recordings: Recordings;
  readonly registry: Registry;
  readonly log: Log;
  readonly limits: { readonly bodyBytes: number; readonly idleBodyMs: number };
  /** Bytes in memory for all requests together. `take` throws `overloaded`. */
  readonly budget: { take(bytes: number): void; give(bytes: number): void };
  /** The name of the request's API key; empty where there are no keys. */
  client(c: Context): string;
  /** The body with back pressure: what is not taken is not read. */
  body(c: Context): AsyncIterable<Uint8Array>;
  /** @throws `invalid-option` for options that `/v1/diarize` would refuse. */
  checkOptions(options: JobOptions): void;
  /**
   * The queue's own options of a submission, from JSON or as text.
   * @throws `invalid-option`.
   */
  submission(given: Readonly<Record<string, unknown>>): Submission;
  /** @throws `invalid-option` for an option that is given twice. */
  query(c: Context): Record<string, string>;
  /** By `format` in the query, or by `Accept`. */
  format(c: Context): ResultFormat;
  /** A job's problem as the server writes problems. */
  problem(problem: JobProblem, requestId: string): { readonly status: number };
  requestId(c: Context): string;
}
