import { randomUUID } from 'node:crypto';
import type { Progress } from 'voiceflow-ml/core';
import type { Database } from '../database/database.ts';
import { FORGET_SPENT, KEEP_SPENT, REMOVED, spentToday } from './spent.ts';
import type { Claimed, JobProblem, JobResult } from './types.ts';

interface LeaseOptions {
  /** Seconds without a heartbeat after which a worker counts as lost. */
  readonly leaseSeconds: number;
  /** Delay after the first failure, in seconds; doubled with each further one. */
  readonly retrySeconds: number;
  /** Seconds of audio that an API key may have processed in 24 hours; further jobs wait. 0 for no limit. */
  readonly secondsPerDay: number;
}

/** Failures of a job after which it is not retried. */
const MOST_FAILURES = 3;
/**
 * Seconds of the longest wait for a retry, at the largest `retrySeconds`. A job that is due later than that was postponed
 * before the database's clock was set back.
 */
const LONGEST_WAIT = 3_600 * 2 ** (MOST_FAILURES - 1);
/** Workers lost during a job after which it is not retried, because the job may be the cause. */
const MOST_LOSSES = 10;

/**
 * What a failure means: the job fails for good; it is retried and the failure counts; or it is retried without
 * counting, because the job was not the cause.
 */
export type FailureAction = 'final' | 'retry' | 'defer';

/** Inserts a webhook delivery for each job in `ended` that has a webhook, and sends the notifications. */
const DELIVER = `deliveries as (
  insert into voiceflow.delivery (id, job_id, url) select gen_random_uuid(), id, webhook from ended where webhook is not null
), notified as (
  select pg_notify('voiceflow_changed', id::text), case when webhook is not null then pg_notify('voiceflow_webhook', '') end
  from ended
)`;

/**
 * Replaces U+0000 and lone surrogates, which PostgreSQL cannot store. Messages that quote a recording may contain them.
 */
function storable({ code, detail, hint }: JobProblem): JobProblem {
  const clean = (text: string) => text.replace(/[\0\p{Surrogate}]/gu, '\ufffd');
  return { code, detail: clean(detail), hint: hint && clean(hint) };
}

/** The workers' operations on the queue. Every method is one statement and so atomic. */
export class Leases {
  readonly #db: Database;
  readonly #options: LeaseOptions;

  constructor(db: Database, options: LeaseOptions) {
    this.#db = db;
    this.#options = options;
  }

  get leaseSeconds(): number {
    return this.#options.leaseSeconds;
  }

  /**
   * Claims the next job. API keys take turns: first the key with the fewest running jobs, then the one served longest
   * ago; within a key, higher priorities first, then older jobs. An index scan jumps from key to key, so a long queue
   * costs no more than a short one.
   */
  async claim(worker: string): Promise<Claimed | undefined> {
    const [claimed] = await this.#db.query<Claimed>(
      `with recursive keys as (
        (select key from voiceflow.job where state = 'queued' order by key limit 1)
        union all
        select (select j.key from voiceflow.job j where j.state = 'queued' and j.key > k.key order by j.key limit 1)
        from keys k where k.key is not null
      ), ordered as (
        select k.key from keys k where k.key is not null
          and ($4::float8 = 0 or $4 > ${spentToday('k.key')})
        order by
          (select count(*) from voiceflow.job r where r.state = 'running' and r.key = k.key),
          (select max(s.started_at) from voiceflow.job s where s.key = k.key) nulls first
      ), next as (
        select j.id from ordered o cross join lateral (
          select id from voiceflow.job q where q.state = 'queued' and q.key = o.key
            -- A job that never failed is due also when the clock was set back after it was submitted.
            and (q.run_at <= now() or q.run_at = q.created_at or q.run_at > now() + make_interval(secs => $5))
          order by q.priority desc, q.seq limit 1 for update skip locked
        ) j limit 1
      )
      update voiceflow.job j
      set state = 'running', lease = $1, lease_until = now() + make_interval(secs => $2), worker = $3,
        started_at = now(), progress = null
      from next where j.id = next.id
      returning j.id, j.key, j.lease, j.object, j.url, j.options, j.failures,
        greatest(extract(epoch from now() - j.run_at), 0)::float8 as waited`,
      [randomUUID(), this.#options.leaseSeconds, worker, this.#options.secondsPerDay, LONGEST_WAIT],
    );
    return claimed;
  }

  /**
   * Renews the leases of jobs and stores their progress. Returns the leases that are still held; the other jobs must
   * stop.
   */
  async heartbeat(jobs: readonly { readonly lease: string; readonly progress: Progress | null }[]): Promise<string[]> {
    const rows = await this.#db.query<{ lease: string }>(
      `with beats as (select * from jsonb_to_recordset($1::jsonb) as b (lease uuid, progress jsonb)),
      kept as (
        update voiceflow.job j set lease_until = now() + make_interval(secs => $2), progress = b.progress
        from beats b where j.lease = b.lease and j.state = 'running' returning j.id, j.lease
      ), notified as (select pg_notify('voiceflow_changed', id::text) from kept)
      select lease from kept, (select count(*) from notified) as n`,
      [JSON.stringify(jobs), this.#options.leaseSeconds],
    );
    return rows.map(({ lease }) => lease);
  }

  /**
   * Ends a job with its result, if the lease is still valid, so that two workers never both succeed.
   * @param embeddings Whether the embeddings of its speakers are stored.
   */
  async succeed(claimed: Claimed, result: JobResult, audioSeconds: number, embeddings: boolean): Promise<boolean> {
    const speakers = result.speakers.map(({ label, name, seconds, embedding }) => ({
      label,
      name,
      seconds,
      embedding: embeddings ? embedding : undefined,
    }));
    const body = {
      ...result,
      speakers: result.speakers.map((s, at) => ({ ...s, embedding: speakers[at]?.embedding })),
    };
    const [row] = await this.#db.query<{ ended: string }>(
      `with ended as (
        update voiceflow.job set state = 'succeeded', ended_at = now(), options = options - 'known', lease = null, lease_until = null,
          progress = null, problem = null, audio_seconds = $4
        where id = $1 and lease = $2 and state = 'running' returning id, webhook
      ), results as (insert into voiceflow.result (job_id, body) select id, $3::json from ended),
      speakers as (
        insert into voiceflow.speaker (job_id, label, name, seconds, space, embedding)
        select ended.id, s.label, s.name, s.seconds, $5, s.embedding
        from ended, jsonb_to_recordset($6::jsonb) as s (label text, name text, seconds float8, embedding real[])
      ), turns as (
        insert into voiceflow.turn (job_id, start_seconds, end_seconds, speaker, confidence)
        select ended.id, t.start, t."end", t.speaker, t.confidence
        from ended, jsonb_to_recordset($7::jsonb) as t (start float8, "end" float8, speaker text, confidence real)
      ), ${DELIVER}
      select count(*)::text as ended from ended, (select count(*) from notified) as n`,
      [
        claimed.id,
        claimed.lease,
        JSON.stringify(body),
        audioSeconds,
        result.model.space,
        JSON.stringify(speakers),
        JSON.stringify(result.turns),
      ],
    );
    return row?.ended === '1';
  }

  /**
   * Requeues a failed job for a later retry, or ends it when the verdict is `final` or after `MOST_FAILURES` failures.
   * Returns its new state; undefined when the lease was lost.
   */
  async fail(claimed: Claimed, problem: JobProblem, action: FailureAction): Promise<'queued' | 'failed' | undefined> {
    const [row] = await this.#db.query<{ state: 'queued' | 'failed' }>(
      `with changed as (
        update voiceflow.job set
          failures = failures + $4::int, problem = $3::jsonb, lease = null, lease_until = null, progress = null,
          state = case when failures + $4::int < $5 then 'queued' else 'failed' end,
          ended_at = case when failures + $4::int < $5 then null else now() end,
          options = case when failures + $4::int < $5 then options else options - 'known' end,
          run_at = now() + make_interval(secs => $6 * power(2, failures))
        where id = $1 and lease = $2 and state = 'running' returning id, webhook, state
      ), ended as (select * from changed where state = 'failed'), ${DELIVER}
      select state from changed, (select count(*) from notified) as n`,
      [
        claimed.id,
        claimed.lease,
        JSON.stringify(storable(problem)),
        { final: 1, retry: 1, defer: 0 }[action],
        action === 'final' ? 0 : MOST_FAILURES,
        this.#options.retrySeconds,
      ],
    );
    return row?.state;
  }

  /** Requeues jobs as if they had not been claimed, because their worker stops. */
  async release(leases: readonly string[]): Promise<void> {
    await this.#db.query(
      `with requeued as (
        update voiceflow.job set state = 'queued', lease = null, lease_until = null, progress = null, started_at = null
        where lease = any($1::uuid[]) and state = 'running' returning id
      ) select pg_notify('voiceflow_ready', '') from requeued limit 1`,
      [[...leases]],
    );
  }

  /** The database's clock, in seconds. */
  async clock(): Promise<number> {
    const [row] = await this.#db.query<{ seconds: number }>('select extract(epoch from now())::float8 as seconds');
    return row?.seconds ?? 0;
  }

  /**
   * Requeues the jobs of lost workers.
   * @param all All running jobs, when no other process can have the database open.
   */
  async reap(all = false): Promise<number> {
    const rows = await this.#db.query(
      `with lost as (
        select id from voiceflow.job where state = 'running'
          -- Leases are at most an hour long: this one is from before the clock was set back.
          and ($1 or lease_until < now() or lease_until > now() + interval '2 hours') for update skip locked
      ), changed as (
        update voiceflow.job j set
          losses = losses + case when $1 then 0 else 1 end, lease = null, lease_until = null, progress = null,
          state = case when losses + 1 < $2 or $1 then 'queued' else 'failed' end,
          ended_at = case when losses + 1 < $2 or $1 then null else now() end,
          options = case when losses + 1 < $2 or $1 then options else options - 'known' end,
          problem = case when losses + 1 < $2 or $1 then problem else $3::jsonb end
        from lost where j.id = lost.id returning j.id, j.webhook, j.state
      ), ended as (select * from changed where state = 'failed'), ${DELIVER},
      ready as (select pg_notify('voiceflow_ready', '') from changed where state = 'queued' limit 1)
      select id from changed, (select count(*) from notified) as n, (select count(*) from ready) as m`,
      [
        all,
        MOST_LOSSES,
        JSON.stringify({
          code: 'backend-failed',
          detail: `${MOST_LOSSES} workers were lost while they processed this job`,
          hint: 'The recording may have crashed them; see their logs.',
        } satisfies JobProblem),
      ],
    );
    return rows.length;
  }

  /** Audio of ended jobs that is no longer kept, as objects of the storage. The caller deletes them and then calls `forget`. */
  async freed(keepSeconds: number, limit: number): Promise<string[]> {
    const rows = await this.#db.query<{ object: string }>(
      `select object from voiceflow.job
      where ended_at < now() - make_interval(secs => $1) and object is not null order by ended_at limit $2`,
      [keepSeconds, limit],
    );
    return rows.map(({ object }) => object);
  }

  /** Records that the audio of a job was deleted. Unlike `forget`, it reads only this job. */
  async forgetOf(id: string, object: string): Promise<void> {
    await this.#db.query('update voiceflow.job set object = null where id = $1 and object = $2', [id, object]);
  }

  async forget(objects: readonly string[]): Promise<void> {
    await this.#db.query('update voiceflow.job set object = null where object = any($1::text[])', [[...objects]]);
  }

  /**
   * Removes jobs that ended at least `keepSeconds` ago, with their results, but only those whose audio is already
   * deleted.
   */
  async expire(keepSeconds: number, limit: number): Promise<number> {
    const rows = await this.#db.query(
      `with removed as (
        delete from voiceflow.job where id in (
          select id from voiceflow.job
          where ended_at < now() - make_interval(secs => $1) and object is null order by ended_at limit $2
        ) returning ${REMOVED}
      ), ${KEEP_SPENT}, ${FORGET_SPENT}
      select id from removed`,
      [keepSeconds, limit],
    );
    return rows.length;
  }

  /** Which of these objects belong to no job. */
  async orphans(objects: readonly string[]): Promise<string[]> {
    const rows = await this.#db.query<{ object: string }>(
      `select o as object from unnest($1::text[]) as o
      where not exists (select 1 from voiceflow.job j where j.object = o)`,
      [[...objects]],
    );
    return rows.map(({ object }) => object);
  }
}
