/**
 * @module Durable jobs: a queue on PostgreSQL (embedded or a server), workers, storage, webhooks, and request handlers.
 */
export type { Database } from './database/database.ts';
export type { JobHandlers } from './http/handlers.ts';
export type { JobsHost, ResultFormat, Submission } from './http/host.ts';
export { type JobsMount, mountJobs, type OpenJobs, openJobs, startWorking, type Working } from './open.ts';
export { type JobsOptions, jobsOptions } from './options.ts';
export { Leases } from './queue/leases.ts';
export { Jobs } from './queue/submit.ts';
export type { Job, JobResult, NewJob } from './queue/types.ts';
export type { Storage } from './storage/storage.ts';
export type { Recording, RecordingContext, Recordings } from './worker/recordings.ts';
export type { Log } from './worker/worker.ts';
