import type { Context } from 'hono';
import type { JobOptions, JobProblem } from '../queue/types.ts';
import type { Registry } from '../worker/metrics.ts';
import type { Recordings } from '../worker/recordings.ts';
import type { Log } from '../worker/worker.ts';

export type ResultFormat = 'json' | 'rttm' | 'srt' | 'vtt';

/** Options of a submission that the queue itself uses. */
export interface Submission {
  readonly url?: string | undefined;
  readonly webhook?: string | undefined;
  readonly priority: number;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** Bytes of one request in memory. */
export interface HeldBytes {
  /** @throws `overloaded` when all requests together would exceed the budget. */
  take(bytes: number): void;
  /** Returns all bytes, once. */
  release(): void;
}

/** What the server provides to the routes of jobs; it uses the same for its own routes. */
export interface JobsHost {
  readonly recordings: Recordings;
  readonly registry: Registry;
  readonly log: Log;
  /** Opens the account of a request in the budget of all requests. Recordings are streamed and do not count. */
  hold(): HeldBytes;
  /** The name of the request's API key; empty when the server has no keys. */
  client(c: Context): string;
  /**
   * The body within the limits of the server, with back pressure: it is read only as fast as it is consumed. It throws
   * `audio-too-large`, `deadline-exceeded` for a sender that pauses or is too slow, `aborted`.
   * @param maxBytes Default: the limit of recordings.
   * @throws `audio-too-large` when the header announces more.
   */
  body(c: Context, maxBytes?: number): AsyncIterable<Uint8Array>;
  /** @throws `invalid-option` for options that `/v1/diarize` would refuse. */
  checkOptions(options: JobOptions): void;
  /**
   * Parses the queue's own options of a submission, from JSON or text.
   * @throws `invalid-option`.
   */
  submission(params: Readonly<Record<string, unknown>>): Submission;
  /** The options in the query string. @throws `invalid-option` for an option that is given twice. */
  query(c: Context): Record<string, string>;
  /** The format that the request asks for, by `format` in the query or by `Accept`. */
  format(c: Context): ResultFormat;
  /** A job's problem in the server's format for problems. */
  problem(problem: JobProblem, requestId: string): { readonly status: number };
  requestId(c: Context): string;
}
