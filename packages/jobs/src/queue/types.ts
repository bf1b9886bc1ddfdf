import type { DiarizationJson, Progress, TurnJson } from 'voiceflow-ml/core';

export type JobState = 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled';

/** Why a job failed: a problem of the contract, without a request. */
export interface JobProblem {
  readonly code: string;
  readonly detail: string;
  readonly hint?: string;
}

/** Options of `/v1/diarize` as text, `voices` and `embeddings` besides. */
export type JobOptions = Readonly<Record<string, string>>;

export interface NewJob {
  readonly id: string;
  /** The name of the API key; empty without keys. */
  readonly key: string;
  readonly priority: number;
  readonly options: JobOptions;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly webhook?: string | undefined;
  /** An object of the storage, or an address. */
  readonly object?: string | undefined;
  readonly url?: string | undefined;
  readonly bytes?: number | undefined;
  readonly idempotencyKey?: string | undefined;
  /** Of what was asked, to tell a repetition from another request under the same key. */
  readonly digest?: string | undefined;
}

/** A job as the API shows it. Times are ISO 8601. */
export interface Job {
  readonly id: string;
  /** Grows with each job: pages are cut by it. */
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
  /** Seconds that it has been running for. */
  readonly runningSeconds: number | null;
  readonly failures: number;
  readonly losses: number;
  readonly problem: JobProblem | null;
}

/** A job that a worker holds, and by which lease. */
export interface Claimed {
  readonly id: string;
  readonly key: string;
  readonly lease: string;
  readonly object: string | null;
  readonly url: string | null;
  readonly options: JobOptions;
  readonly failures: number;
  /** Seconds that it waited. */
  readonly waited: number;
}

/** What `/v1/diarize` answers as JSON. */
export interface JobResult extends DiarizationJson {
  readonly exclusive?: readonly TurnJson[];
}

/** Audio that nothing needs any more. */
export interface Freed {
  readonly id: string;
  readonly object: string;
}
