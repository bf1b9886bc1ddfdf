import { type Database, isoTime } from '../database/database.ts';

export interface Delivery {
  readonly id: string;
  readonly url: string;
  /** The API key that owns the job. */
  readonly key: string;
  readonly tries: number;
  readonly job: string;
  readonly state: string;
  readonly metadata: unknown;
  readonly problem: unknown;
  readonly audioSeconds: number | null;
  readonly endedAt: string;
}

/** Seconds between tries: 7 tries in about 11 hours. */
const BACKOFF_SECONDS = [5, 60, 300, 1_800, 7_200, 28_800] as const;
const LONGEST_WAIT = Math.max(...BACKOFF_SECONDS);
/** A running call is reserved for this long. If its process dies, another one makes the call again. */
const CALL_SECONDS = 60;

/** The queue of webhook calls. Each is made at least once; receivers detect a repetition by its `webhook-id`. */
export class Deliveries {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @param without API keys that already have enough running calls. */
  async take(limit: number, without: readonly string[]): Promise<Delivery[]> {
    return this.#db.query<Delivery>(
      `with due as (
        select d.id from voiceflow.delivery d join voiceflow.job j on j.id = d.job_id
        where d.delivered_at is null and d.given_up_at is null and j.key <> all($3::text[])
          -- The others were postponed before the clock was set back.
          and (d.run_at <= now() or d.tries = 0 or d.run_at > now() + make_interval(secs => $4))
        order by d.run_at limit $1 for update of d skip locked
      ), taken as (
        update voiceflow.delivery d set run_at = now() + make_interval(secs => $2), tries = tries + 1
        from due where d.id = due.id returning d.*
      )
      select t.id, t.url, j.key, t.tries - 1 as tries, j.id as job, j.state, j.metadata, j.problem,
        j.audio_seconds as "audioSeconds", ${isoTime('j.ended_at')} as "endedAt"
      from taken t join voiceflow.job j on j.id = t.job_id`,
      [limit, CALL_SECONDS, [...without], LONGEST_WAIT],
    );
  }

  async delivered(id: string): Promise<void> {
    await this.#db.query('update voiceflow.delivery set delivered_at = now(), problem = null where id = $1', [id]);
  }

  /** @returns Whether the call will be retried. */
  async failed({ id, tries }: Delivery, problem: string, permanent: boolean): Promise<boolean> {
    const wait = permanent ? undefined : BACKOFF_SECONDS[tries];
    await this.#db.query(
      `update voiceflow.delivery set problem = $2, run_at = now() + make_interval(secs => $3::float8),
        given_up_at = case when $4 then now() end
      where id = $1`,
      [id, problem.slice(0, 500), wait ?? 0, wait === undefined],
    );
    return wait !== undefined;
  }
}
