import type { Database } from '../database/database.ts';
import type { Leases } from '../queue/leases.ts';
import type { Storage } from '../storage/storage.ts';
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
  #reapNotBefore = 0;
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
      const count = await leases.reap();
      if (count > 0) log({ level: 'warn', message: 'jobs of lost workers requeued', count });
    } catch (error) {
      // Workers could not renew their leases in this time either, so they get a full lease time more.
      this.#reapNotBefore = performance.now() + leases.leaseSeconds * 1000;
      throw error;
    }
  }

  /** Deletes audio and results that are no longer kept. An object that cannot be deleted does not stop the others. */
  async expire(): Promise<void> {
    const { leases, keep } = this.#parts;
    let failures = 0;
    for (let more = true; more && !this.#stopped && failures < MOST_FAILURES; ) {
      const freed = await leases.freed(keep.audio, BATCH + this.#undeleted.size);
      const due = freed.filter((object) => !this.#undeleted.has(object));
      const deleted: string[] = [];
      for (const object of due) {
        if (this.#stopped || failures >= MOST_FAILURES) break;
        if (await this.#delete(object)) deleted.push(object);
        else this.#undeleted.add(object);
        failures = this.#undeleted.has(object) ? failures + 1 : 0;
      }
      if (deleted.length > 0) await leases.forget(deleted);
      more = due.length >= BATCH;
    }
    // After all others were tried, these are tried again.
    if (failures < MOST_FAILURES || this.#undeleted.size >= BATCH) this.#undeleted.clear();
    while (!this.#stopped && (await leases.expire(keep.results, BATCH)) === BATCH);
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

  /** Deletes objects without a job, which remain when a process dies between two steps. */
  async orphans(): Promise<void> {
    const { leases, storage } = this.#parts;
    let batch: string[] = [];
    const flush = async () => {
      for (const name of await leases.orphans(batch)) if (!this.#stopped) await this.#delete(name);
      batch = [];
    };
    for await (const name of storage.old(ORPHAN_SECONDS)) {
      if (this.#stopped) return;
      batch.push(name);
      if (batch.length === BATCH) await flush();
    }
    if (batch.length > 0) await flush();
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
