/** @module Durable jobs: a queue on PostgreSQL (embedded or a server), workers, storage, webhooks. */
export type { Database } from './database/database.ts';
export { type JobsHost, type JobsMount, mountJobs } from './mount.ts';
export { type OpenJobs, openJobs, startWorking, type Working } from './open.ts';
export { type JobsOptions, jobsOptions } from './options.ts';
export { Jobs, type Submitted } from './queue/jobs.ts';
export { Leases } from './queue/leases.ts';
export type { Submission } from './queue/submissions.ts';
export type { Job, JobOptions, JobResult, JobState, NewJob } from './queue/types.ts';
export type { Storage } from './storage/storage.ts';
export type { Upload } from './storage/upload.ts';
export type { Recording, RecordingContext, Recordings } from './worker/recordings.ts';
export type { Log } from './worker/worker.ts';
