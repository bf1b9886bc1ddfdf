import { invalidOption, VoiceFlowError } from 'voiceflow-ml/core';
import { type Database, isoTime } from '../database/database.ts';
import { KEEP_SPENT, REMOVED, spentToday } from './spent.ts';
import type { Job, ListQuery, NewJob } from './types.ts';

/**
 * The columns of a `Job`, for a table alias `j`. Without the known voices, which take up to 1 MiB for each job and are
 * not shown: the client sent them itself.
 */
const JOB = `
  j.id, j.seq::text as seq, j.state, j.priority, j.bytes::float8 as bytes, j.url, j.audio_seconds as "audioSeconds",
  j.options - 'known' as options, j.metadata, j.webhook, j.progress, j.failures, j.losses, j.problem,
  ${isoTime('j.created_at')} as "createdAt",
  ${isoTime('j.started_at')} as "startedAt",
  ${isoTime('j.ended_at')} as "endedAt",
  case when j.state = 'running' then greatest(extract(epoch from now() - j.started_at), 0)::float8 end as "runningSeconds"`;

export interface Submitted {
  readonly job: Job;
  /** Whether the idempotency key had been used before; then nothing was submitted. */
  readonly repeated: boolean;
}

/** The jobs of API keys. Methods that take a key never read or change jobs of another key. */
export class Jobs {
  readonly #db: Database;
  #inserted = 0;

  constructor(db: Database) {
    this.#db = db;
  }

  get inserted(): number {
    return this.#inserted;
  }

  /** @throws `invalid-option` for an idempotency key that was used for a different request; `backend-unavailable`. */
  async submit(job: NewJob): Promise<Submitted> {
    const made = await this.#insert(job);
    if (made !== undefined) return { job: made, repeated: false };
    const before = await this.repeated(job.key, job.idempotencyKey ?? '', job.digest);
    if (before === undefined)
      throw new VoiceFlowError('overloaded', 'the job was deleted while it was being submitted again');
    return { job: before, repeated: true };
  }

  /** Returns undefined for a job whose idempotency key was used before. */
  async #insert(job: NewJob): Promise<Job | undefined> {
    const [made] = await this.#db.query<Job>(
      `with created as (
        insert into voiceflow.job as j
          (id, key, priority, options, metadata, webhook, object, url, bytes, idempotency_key, request_digest)
        select n.id, n.key, n.priority, n.options, n.metadata, n.webhook, n.object, n.url, n.bytes, n."idempotencyKey", n.digest
        from jsonb_to_record($1::jsonb) as n (id uuid, key text, priority smallint, options jsonb, metadata jsonb,
          webhook text, object text, url text, bytes bigint, "idempotencyKey" text, digest text)
        on conflict (key, idempotency_key) where idempotency_key is not null do nothing
        returning *
      ), notified as (select pg_notify('voiceflow_ready', '') from created)
      select ${JOB} from created j, (select count(*) from notified) as n`,
      [JSON.stringify(job)],
    );
    if (made !== undefined) this.#inserted++;
    return made;
  }

  /**
   * The job that was submitted with an idempotency key.
   * @throws `invalid-option` when the key was used for a different request.
   */
  async repeated(key: string, idempotencyKey: string, digest: string | undefined): Promise<Job | undefined> {
    const [row] = await this.#db.query<Job & { digest: string | null }>(
      `select ${JOB}, j.request_digest as digest from voiceflow.job j where j.key = $1 and j.idempotency_key = $2`,
      [key, idempotencyKey],
    );
    if (row === undefined) return undefined;
    const { digest: before, ...job } = row;
    if (digest !== undefined && before !== digest) {
      throw invalidOption(
        'the Idempotency-Key was already used for a different request',
        `It created the job ${job.id}. Use a new key for each recording.`,
      );
    }
    return job;
  }

  async get(key: string, id: string): Promise<Job | undefined> {
    const [job] = await this.#db.query<Job>(`select ${JOB} from voiceflow.job j where j.key = $1 and j.id = $2`, [
      key,
      id,
    ]);
    return job;
  }

  /** The result of a job that succeeded, as JSON. */
  async result(key: string, id: string): Promise<unknown> {
    const [row] = await this.#db.query<{ body: unknown }>(
      `select r.body from voiceflow.result r join voiceflow.job j on j.id = r.job_id where j.key = $1 and j.id = $2`,
      [key, id],
    );
    return row?.body;
  }

  /** Newest first. */
  async list(key: string, { limit, before, state }: ListQuery): Promise<Job[]> {
    return this.#db.query<Job>(
      `select ${JOB} from voiceflow.job j
      where j.key = $1 and ($2::bigint is null or j.seq < $2) and ($3::text is null or j.state = $3)
      order by j.seq desc limit $4`,
      [key, before ?? null, state ?? null, limit],
    );
  }

  /** Some jobs of any key, for `Watch`. */
  async states(ids: readonly string[]): Promise<Job[]> {
    return this.#db.query<Job>(`select ${JOB} from voiceflow.job j where j.id = any($1::uuid[])`, [[...ids]]);
  }

  /** Cancels a job that has not ended; its worker notices at its next heartbeat. Returns the changed job. */
  async cancel(key: string, id: string): Promise<Job | undefined> {
    const [job] = await this.#db.query<Job>(
      `with ended as (
        update voiceflow.job set state = 'canceled', ended_at = now(), options = options - 'known', lease = null, lease_until = null, progress = null
        where key = $1 and id = $2 and state in ('queued', 'running') returning *
      ), notified as (select pg_notify('voiceflow_changed', id::text) from ended)
      select ${JOB} from ended j, notified`,
      [key, id],
    );
    return job;
  }

  /** The storage object of a job's audio, while it is kept. */
  async object(key: string, id: string): Promise<string | undefined> {
    const [row] = await this.#db.query<{ object: string | null }>(
      'select object from voiceflow.job where key = $1 and id = $2',
      [key, id],
    );
    return row?.object ?? undefined;
  }

  /** Records that the audio of a job was deleted. */
  async forget(key: string, id: string): Promise<void> {
    await this.#db.query('update voiceflow.job set object = null where key = $1 and id = $2', [key, id]);
  }

  /** Removes a job that has ended, with its result and its deliveries. Its audio must have been deleted. */
  async remove(key: string, id: string): Promise<boolean> {
    const rows = await this.#db.query(
      `with removed as (
        delete from voiceflow.job where key = $1 and id = $2 and ended_at is not null and object is null returning ${REMOVED}
      ), ${KEEP_SPENT}
      select id from removed`,
      [key, id],
    );
    return rows.length > 0;
  }

  /** Seconds of audio of a key's jobs that started in the last 24 hours. */
  async secondsToday(key: string): Promise<number> {
    const [row] = await this.#db.query<{ seconds: number }>(`select ${spentToday('$1')} as seconds`, [key]);
    return row?.seconds ?? 0;
  }

  async depth(): Promise<Depth> {
    const [row] = await this.#db.query<Depth>(
      `select
        (select count(*) from voiceflow.job where state = 'queued')::float8 as queued,
        (select count(*) from voiceflow.job where state = 'running')::float8 as running,
        (select count(*) from voiceflow.delivery where delivered_at is null and given_up_at is null)::float8 as deliveries,
        coalesce((select extract(epoch from now() - min(run_at)) from voiceflow.job
          where state = 'queued' and run_at <= now()), 0)::float8 as age,
        (select count(*) from voiceflow.job where state = 'queued' and failures > 0)::float8 as retrying,
        (select count(*) from voiceflow.job
          where state = 'failed' and ended_at > now() - interval '1 hour')::float8 as failed,
        coalesce((select sum(audio_seconds) from voiceflow.job
          where ended_at > now() - interval '1 minute'), 0)::float8 / 60 as speed`,
    );
    return row ?? NOTHING;
  }
}

export const NOTHING: Depth = { queued: 0, running: 0, deliveries: 0, age: 0, retrying: 0, failed: 0, speed: 0 };

export interface Depth {
  readonly queued: number;
  readonly running: number;
  /** Webhook calls that are due or wait for a retry. */
  readonly deliveries: number;
  /** Seconds since the oldest due job became due. */
  readonly age: number;
  /** Jobs that failed and wait for a retry. */
  readonly retrying: number;
  /** Jobs that failed for good in the last hour. */
  readonly failed: number;
  /** Seconds of audio processed per second, over the last minute. */
  readonly speed: number;
}
