import type { DiarizationJson, Progress, TurnJson } from 'voiceflow-ml/core';

export type JobState = 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled';

/** Why a job failed: a problem of the contract, without the fields of a request. */
export interface JobProblem {
  readonly code: string;
  readonly detail: string;
  readonly hint?: string;
}

/** Options of `/v1/diarize` as text, and `voices` and `embeddings`. */
export type JobOptions = Readonly<Record<string, string>>;

export interface NewJob {
  readonly id: string;
  /** The name of the API key; empty without keys. */
  readonly key: string;
  readonly priority: number;
  readonly options: JobOptions;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly webhook?: string | undefined;
  /** The storage object of the audio. A job has either this or `url`. */
  readonly object?: string | undefined;
  readonly url?: string | undefined;
  readonly bytes?: number | undefined;
  readonly idempotencyKey?: string | undefined;
  /** Digest of the request, to distinguish a repetition from another request with the same idempotency key. */
  readonly digest?: string | undefined;
}

/** A job as in the API. Times are ISO 8601. */
export interface Job {
  readonly id: string;
  /** Grows with each job; used for paging. */
  readonly seq: string;
  readonly state: JobState;
  readonly priority: number;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly bytes: number | null;
  readonly url: string | null;
  readonly audioSeconds: number | null;
  readonly options: JobOptions;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly webhook: string | null;
  readonly progress: (Progress & { readonly fraction?: number }) | null;
  /** Seconds since the job started. */
  readonly runningSeconds: number | null;
  readonly failures: number;
  readonly losses: number;
  readonly problem: JobProblem | null;
}

/** A job that a worker has claimed, with its lease. */
export interface Claimed {
  readonly id: string;
  readonly key: string;
  readonly lease: string;
  readonly object: string | null;
  readonly url: string | null;
  readonly options: JobOptions;
  readonly failures: number;
  /** Seconds that the job waited. */
  readonly waited: number;
}

/** The JSON response of `/v1/diarize`. */
export interface JobResult extends DiarizationJson {
  readonly exclusive?: readonly TurnJson[];
}

export interface ListQuery {
  readonly limit: number;
  /** The value `next` of the previous page: the `seq` of its last job. */
  readonly before?: string | undefined;
  readonly state?: JobState | undefined;
}
