import { VoiceFlowError } from 'voiceflow-ml/core';
import { type OpenJobs, startWorking, type Working } from './open.ts';
import { type Depth, Jobs } from './queue/jobs.ts';
import { QueueLimit } from './queue/limit.ts';
import { Submissions } from './queue/submissions.ts';
import type { Job } from './queue/types.ts';
import { Watch } from './queue/watch.ts';
import { objectOf } from './storage/storage.ts';
import { storeRecording, type Upload } from './storage/upload.ts';
import { uuidv7 } from './uuid.ts';
import { type StoredVoice, Voices } from './voices/voices.ts';
import { jobMetrics, type Registry } from './worker/metrics.ts';
import type { Recordings } from './worker/recordings.ts';
import { type Log, recordingAt } from './worker/worker.ts';

/** Interval at which the queue's gauges are updated. */
const DEPTH_MS = 2_000;

/** What the server provides. */
export interface JobsHost {
  readonly recordings: Recordings;
  readonly registry: Registry;
  readonly log: Log;
}

/** Jobs and voices in a server, for its routes. */
export interface JobsMount {
  readonly jobs: Jobs;
  readonly submissions: Submissions;
  readonly voices: Voices;
  readonly watch: Watch;
  /**
   * Runs the submission of a job if its client may submit it and the queue has a place for it.
   * @throws `quota-exceeded`, `overloaded`, what `request` throws.
   */
  admit<T>(key: string, request: () => Promise<T>): Promise<T>;
  /**
   * Cancels a job that has not ended; removes one that has.
   * @returns The canceled job; whether another one was removed.
   */
  remove(key: string, id: string): Promise<Job | boolean>;
  /** Adds the voice of a recording to the book of the API key. The recording is not kept. */
  enroll(key: string, name: string, upload: Upload, signal: AbortSignal): Promise<StoredVoice>;
  /** Starts the background work; to be called when the server listens. */
  start(): void;
  /** Stops the background work and ends all waiting requests. Requests still get responses. */
  stop(graceMs: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Makes what the routes use, for an opened database. Nothing runs before `start`.
 * @param work Whether this process also works on jobs.
 */
export function mountJobs(open: OpenJobs, host: JobsHost, work: boolean): JobsMount {
  const { db, storage, options, secret } = open;
  const { allowPrivate, secondsPerDay } = options;
  const jobs = new Jobs(db);
  const voices = new Voices(db);
  const watch = new Watch(db, jobs);
  const metrics = jobMetrics(host.registry);
  const limit = new QueueLimit(jobs, options.mostQueued);
  const updateDepth = registerGauges(host.registry, limit);
  let working: Working | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    jobs,
    submissions: new Submissions({ jobs, storage, allowPrivate, webhooks: secret !== undefined }),
    voices,
    watch,
    admit: (key, request) =>
      limit.within(async () => {
        if (secondsPerDay > 0 && (await jobs.secondsToday(key)) >= secondsPerDay) {
          throw new VoiceFlowError(
            'quota-exceeded',
            `this client has used its quota of ${secondsPerDay} seconds of audio in 24 hours`,
            { hint: 'Try again after Retry-After seconds.', retryAfter: 600 },
          );
        }
        return request();
      }),
    async remove(key, id) {
      const canceled = await jobs.cancel(key, id);
      const object = await jobs.object(key, id);
      if (object !== undefined) {
        await storage.delete(object);
        await jobs.forget(key, id);
      }
      return canceled ?? jobs.remove(key, id);
    },
    async enroll(key, name, upload, signal) {
      const object = objectOf(uuidv7());
      try {
        await storeRecording(storage, object, upload);
        const { embedding, space } = await storage.withFile(object, signal, async (path) =>
          host.recordings.embed(await recordingAt(path), signal),
        );
        return await voices.enroll(key, { name, space, embedding });
      } finally {
        await storage.delete(object).catch(() => {});
      }
    },
    start() {
      void updateDepth();
      timer = setInterval(updateDepth, DEPTH_MS);
      working = startWorking(open, work ? host.recordings : undefined, { log: host.log, metrics });
    },
    async stop(graceMs) {
      clearInterval(timer);
      watch.close();
      await working?.stop(graceMs);
    },
    close: () => db.close(),
  };
}

/** @returns A function that counts the queue again. */
function registerGauges(registry: Registry, limit: QueueLimit): () => Promise<void> {
  let unavailable = 0;
  const gauge = (figure: keyof Depth, name: string, help: string) =>
    registry.gauge(name, help, () => limit.depth[figure]);
  gauge('queued', 'voiceflow_jobs_queued', 'Queued jobs, of all servers.');
  gauge('running', 'voiceflow_jobs_working', 'Running jobs, on all workers.');
  gauge('age', 'voiceflow_jobs_age_seconds', 'Seconds since the oldest queued job was due.');
  gauge('retrying', 'voiceflow_jobs_retrying', 'Jobs that failed and are queued for another attempt.');
  gauge('failed', 'voiceflow_jobs_failed_last_hour', 'Jobs that failed after their last attempt, in the last hour.');
  gauge(
    'speed',
    'voiceflow_jobs_audio_seconds_per_second',
    'Seconds of audio processed per second by all workers, over the last minute.',
  );
  gauge('deliveries', 'voiceflow_webhooks_waiting', 'Pending webhook calls.');
  registry.gauge('voiceflow_jobs_database_away', '1 while the database is unavailable.', () => unavailable);
  return async () => {
    try {
      await limit.count();
      unavailable = 0;
    } catch {
      unavailable = 1;
    }
  };
}
