import type { Database } from '../database/database.ts';
import type { Leases } from '../queue/leases.ts';
import type { Storage } from '../storage/storage.ts';
import { removeOldTemporaryFiles } from '../storage/write-file.ts';
import type { Log } from './worker.ts';

/** How long data is kept, in seconds from the end of a job. */
export interface Keep {
  /** 0: deleted as soon as the job has ended. */
  readonly audio: number;
  readonly results: number;
}

const REAP_MS = 5_000;
const EXPIRE_MS = 60_000;
const ORPHANS_MS = 3_600_000;
const VACUUM_MS = 300_000;
/** Rows or objects per step, so that no step takes long. The next step follows at once. */
const BATCH = 500;
/** Deletions that fail in a row, after which the storage counts as unavailable until the next time. */
const MOST_FAILURES = 10;
/** An upload that takes longer than this counts as interrupted. */
const ORPHAN_SECONDS = 6 * 3_600;

interface JanitorParts {
  readonly db: Database;
  readonly leases: Leases;
  readonly storage: Storage;
  /** Folder of temporary files. */
  readonly spool: string;
  readonly keep: Keep;
  readonly log: Log;
}

/** Requeues the jobs of lost workers and deletes expired data. Several processes may do this at the same time. */
export class Janitor {
  readonly #parts: JanitorParts;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  readonly #busy = new Map<string, Promise<void>>();
  /** Objects that could not be deleted. Others are tried before them, although these are older. */
  readonly #undeleted = new Set<string>();
  /** The same for objects without a job. */
  readonly #undeletedOrphans = new Set<string>();
  #reapNotBefore = 0;
  /** Seconds that the database's clock was ahead of this process's at the last look. */
  #ahead: number | undefined;
  #stopped = false;

  constructor(parts: JanitorParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#every(REAP_MS, 'reap', () => this.reap());
    this.#every(EXPIRE_MS, 'expire', () => this.expire());
    this.#every(ORPHANS_MS, 'orphans', () => this.orphans());
    // PGlite has no autovacuum.
    if (this.#parts.db.kind === 'embedded')
      this.#every(VACUUM_MS, 'vacuum', async () => {
        await this.#parts.db.query('vacuum (analyze)');
      });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#busy.values());
  }

  async reap(): Promise<void> {
    const { leases, log } = this.#parts;
    if (performance.now() < this.#reapNotBefore) return;
    try {
      if (await this.#hasJumped()) return this.#postpone();
      const count = await leases.reap();
      if (count > 0) log({ level: 'warn', message: 'jobs of lost workers requeued', count });
    } catch (error) {
      // Workers could not renew their leases in this time either.
      this.#postpone();
      throw error;
    }
  }

  /** Gives workers a full lease time more. */
  #postpone(): void {
    this.#reapNotBefore = performance.now() + this.#parts.leases.leaseSeconds * 1000;
  }

  /**
   * Whether the database's clock was set, or this machine slept, since the last look. Leases then seem to have expired,
   * although their workers had no time to renew them.
   */
  async #hasJumped(): Promise<boolean> {
    const { leases } = this.#parts;
    const ahead = (await leases.clock()) - performance.now() / 1000;
    const before = this.#ahead ?? ahead;
    this.#ahead = ahead;
    return Math.abs(ahead - before) > leases.leaseSeconds / 2;
  }

  /** Deletes audio and results that are no longer kept. An object that cannot be deleted does not stop the others. */
  async expire(): Promise<void> {
    const { leases, keep } = this.#parts;
    const tally = { failures: 0 };
    for (let more = true; more && !this.#stopped && tally.failures < MOST_FAILURES; ) {
      const freed = await leases.freed(keep.audio, BATCH + this.#undeleted.size);
      const due = freed.filter((object) => !this.#undeleted.has(object));
      const deleted = await this.#deleteEach(due, this.#undeleted, tally);
      if (deleted.length > 0) await leases.forget(deleted);
      more = due.length >= BATCH;
    }
    // After all others were tried, these are tried again.
    if (tally.failures < MOST_FAILURES || this.#undeleted.size >= BATCH) this.#undeleted.clear();
    while (!this.#stopped && (await leases.expire(keep.results, BATCH)) === BATCH);
  }

  /**
   * Deletes objects until too many deletions in a row have failed. Adds the others to `undeleted`.
   * @returns The objects that were deleted.
   */
  async #deleteEach(
    objects: readonly string[],
    undeleted: Set<string>,
    tally: { failures: number },
  ): Promise<string[]> {
    const deleted: string[] = [];
    for (const object of objects) {
      if (this.#stopped || tally.failures >= MOST_FAILURES) break;
      const isDeleted = await this.#delete(object);
      if (isDeleted) deleted.push(object);
      else undeleted.add(object);
      tally.failures = isDeleted ? 0 : tally.failures + 1;
    }
    return deleted;
  }

  /** Returns whether the object was deleted. */
  async #delete(object: string): Promise<boolean> {
    const { storage, log } = this.#parts;
    try {
      await storage.delete(object);
      return true;
    } catch (error) {
      log({ level: 'warn', message: 'audio not deleted', object, error: String(error) });
      return false;
    }
  }

  /**
   * Deletes temporary files and objects without a job, which remain when a process dies between two steps. Ends when the
   * storage counts as unavailable.
   */
  async orphans(): Promise<void> {
    const { leases, storage, spool } = this.#parts;
    await removeOldTemporaryFiles(spool, ORPHAN_SECONDS);
    const undeleted = this.#undeletedOrphans;
    const tally = { failures: 0 };
    let batch: string[] = [];
    const flush = async () => {
      if (batch.length > 0) await this.#deleteEach(await leases.orphans(batch), undeleted, tally);
      batch = [];
    };
    for await (const name of storage.old(ORPHAN_SECONDS)) {
      if (this.#stopped || tally.failures >= MOST_FAILURES) break;
      if (undeleted.has(name)) continue;
      batch.push(name);
      if (batch.length === BATCH) await flush();
    }
    if (!this.#stopped) await flush();
    // As in `expire`.
    if (tally.failures < MOST_FAILURES || undeleted.size >= BATCH) undeleted.clear();
  }

  #every(ms: number, name: string, work: () => Promise<void>): void {
    const run = () => {
      if (this.#busy.has(name) || this.#stopped) return;
      const busy = work()
        .catch((error) => this.#parts.log({ level: 'warn', message: `${name} failed`, error: String(error) }))
        .finally(() => this.#busy.delete(name));
      this.#busy.set(name, busy);
    };
    const timer = setInterval(run, ms);
    timer.unref();
    this.#timers.push(timer);
  }
}
