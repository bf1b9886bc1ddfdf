import { VoiceFlowError } from 'voiceflow-ml/core';
import type { Database } from '../database/database.ts';
import type { Jobs } from './jobs.ts';
import type { Job } from './types.ts';

/** Most requests that may wait for jobs at the same time. */
const MOST_WATCHERS = 2_000;
/** Most of them with the same API key, so that requests of others can wait, too. */
const MOST_OF_A_KEY = 1_500;
/** Interval of polling, because a notification can be lost with a connection. */
const POLL_MS = 1_000;
/** Notifications within this time are looked up with one query. */
const GATHER_MS = 5;

type Listener = (job: Job | undefined) => void;

/** Notifies waiting requests of changes of jobs, with one database query for all of them. */
export class Watch {
  readonly #jobs: Jobs;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #due = new Set<string>();
  readonly #countByKey = new Map<string, number>();
  #count = 0;
  #poll: ReturnType<typeof setInterval> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #querying = false;
  #closed = false;

  constructor(db: Database, jobs: Jobs) {
    this.#jobs = jobs;
    db.listen('voiceflow_changed', (id) => {
      if (this.#listeners.has(id)) this.#schedule(id);
    });
  }

  /**
   * Calls back with the job after each change, and with `undefined` when it was removed. Returns a function that ends
   * it.
   * @throws `overloaded`.
   */
  subscribe(key: string, id: string, listener: Listener): () => void {
    const ofKey = this.#countByKey.get(key) ?? 0;
    if (this.#count >= MOST_WATCHERS || ofKey >= MOST_OF_A_KEY) {
      const what = ofKey >= MOST_OF_A_KEY ? `${ofKey} requests of this key` : `${this.#count} requests`;
      throw new VoiceFlowError('overloaded', `${what} are waiting for jobs, which is the limit`, {
        hint: 'Poll the job instead, or use a webhook.',
        retryAfter: 5,
      });
    }
    // A request on a connection from before the shutdown: it does not wait either.
    if (this.#closed) queueMicrotask(() => listener(undefined));
    this.#countByKey.set(key, ofKey + 1);
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    this.#count++;
    if (!this.#closed) this.#poll ??= setInterval(() => this.#schedule(...this.#listeners.keys()), POLL_MS);
    return () => {
      if (!listeners.delete(listener)) return;
      this.#count--;
      const left = (this.#countByKey.get(key) ?? 1) - 1;
      if (left > 0) this.#countByKey.set(key, left);
      else this.#countByKey.delete(key);
      if (listeners.size === 0) this.#listeners.delete(id);
      if (this.#count === 0) {
        clearInterval(this.#poll);
        this.#poll = undefined;
      }
    };
  }

  /**
   * Resolves when `until` is true of the job, when it was removed, after `ms` milliseconds, or when the signal fires.
   */
  async wait(key: string, id: string, ms: number, signal: AbortSignal, until: (job: Job) => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        end();
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      const end = this.subscribe(key, id, (job) => {
        if (job === undefined || until(job)) finish();
      });
      signal.addEventListener('abort', finish, { once: true });
      this.#schedule(id);
    });
  }

  /** Ends all waiting, for the shutdown of the server. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const listeners of this.#listeners.values()) for (const listener of listeners) listener(undefined);
  }

  #schedule(...ids: readonly string[]): void {
    for (const id of ids) this.#due.add(id);
    if (this.#querying) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#query();
    }, GATHER_MS);
  }

  async #query(): Promise<void> {
    const ids = [...this.#due];
    this.#due.clear();
    this.#querying = true;
    try {
      const found = new Map((await this.#jobs.states(ids)).map((job) => [job.id, job]));
      for (const id of ids) for (const listener of this.#listeners.get(id) ?? []) listener(found.get(id));
    } catch {
      // The database is unavailable: requests keep waiting until the next query or their own timeout.
    }
    this.#querying = false;
    if (this.#due.size > 0 && !this.#closed) this.#schedule();
  }
}
