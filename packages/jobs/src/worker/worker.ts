import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Progress, VoiceFlowError } from 'voiceflow-ml/core';
import { type Database, isUnavailable } from '../database/database.ts';
import type { WithUrl } from '../outside/fetch-audio.ts';
import type { Leases } from '../queue/leases.ts';
import type { Claimed, JobOptions } from '../queue/types.ts';
import type { Storage } from '../storage/storage.ts';
import type { Voices } from '../voices/voices.ts';
import { failureActionOf, problemOf } from './failures.ts';
import type { JobMetrics } from './metrics.ts';
import type { Recording, Recordings } from './recordings.ts';

export type Log = (entry: {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly [field: string]: unknown;
}) => void;

interface WorkerParts {
  readonly name: string;
  readonly db: Database;
  readonly leases: Leases;
  readonly storage: Storage;
  readonly recordings: Recordings;
  readonly voices: Voices;
  readonly withUrl: WithUrl;
  readonly metrics: JobMetrics;
  readonly log: Log;
  /** Whether audio is deleted as soon as its job has ended. */
  readonly deleteAudio: boolean;
}

interface Running {
  readonly claimed: Claimed;
  readonly stop: AbortController;
  progress: Progress | null;
  done: Promise<void>;
}

/**
 * Interval of polling for jobs. A job can become due without a notification: after a retry delay, or when the
 * notification was lost.
 */
const POLL_MS = 1_000;
/** Interval of heartbeats, which also store the progress that clients see. */
const HEARTBEAT_MS = 1_000;
/** Delays between attempts to store the outcome of a job while the database is unavailable. */
const REPORT_AGAIN_MS = { first: 100, last: 2_000 };

/** Claims jobs while there is capacity, renews their leases, and ends each at most once. */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #running = new Map<string, Running>();
  #pumping = false;
  /** The latest run of `#claimAll`. */
  #claiming: Promise<void> = Promise.resolve();
  /** `#pump` was called while it ran. */
  #again = false;
  #stopping = false;
  /** No claims before this time, because the database was unavailable. */
  #notBefore = 0;
  #timers: ReturnType<typeof setInterval>[] = [];
  #beating = false;

  /** Work after the end of a job, which `stop` awaits. */
  readonly #background = new Set<Promise<void>>();

  constructor(parts: WorkerParts) {
    this.#parts = parts;
  }

  get running(): number {
    return this.#running.size;
  }

  start(): void {
    const { db, recordings } = this.#parts;
    const wake = () => void this.#pump();
    db.listen('voiceflow_ready', wake);
    recordings.onFree(wake);
    this.#timers = [setInterval(wake, POLL_MS), setInterval(() => void this.#beat(), HEARTBEAT_MS)];
    wake();
  }

  /**
   * Claims no more jobs, finishes those that end within `graceMs` milliseconds, and requeues the others. A claim that
   * takes longer, as with a frozen database, is not awaited: its job is requeued when it arrives, or its lease expires.
   */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    const all = Promise.all([this.#claiming, ...[...this.#running.values()].map(({ done }) => done)]);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), graceMs);
    });
    const ended = await Promise.race([all, late]);
    clearTimeout(timer);
    if (ended === 'late') {
      const left = [...this.#running.values()];
      await this.#release(left.map(({ claimed }) => claimed.lease));
      for (const { stop } of left) stop.abort(new VoiceFlowError('aborted', 'the worker is stopping'));
      await Promise.allSettled(left.map(({ done }) => done));
    }
    for (const each of this.#timers) clearInterval(each);
    await Promise.all(this.#background);
  }

  /** Best effort: leases that are not released expire. */
  async #release(leases: readonly string[]): Promise<void> {
    if (leases.length > 0) await this.#parts.leases.release(leases).catch(() => {});
  }

  /** Claims jobs while there is capacity. */
  async #pump(): Promise<void> {
    if (this.#pumping) {
      this.#again = true;
      return;
    }
    this.#pumping = true;
    this.#claiming = this.#claimAll();
    await this.#claiming;
  }

  async #claimAll(): Promise<void> {
    const { recordings, leases } = this.#parts;
    try {
      do {
        this.#again = false;
        while (!this.#stopping && performance.now() >= this.#notBefore && recordings.free(this.running) > 0) {
          const claimed = await leases.claim(this.#parts.name);
          if (claimed === undefined) break;
          if (this.#stopping) await this.#release([claimed.lease]);
          else this.#begin(claimed);
        }
      } while (this.#again && !this.#stopping);
    } catch (error) {
      this.#notBefore = performance.now() + POLL_MS;
      this.#parts.log({ level: 'warn', message: 'cannot claim jobs', error: String(error) });
    } finally {
      this.#pumping = false;
    }
  }

  #begin(claimed: Claimed): void {
    const running: Running = { claimed, stop: new AbortController(), progress: null, done: Promise.resolve() };
    this.#running.set(claimed.lease, running);
    this.#parts.metrics.waited(claimed.waited);
    running.done = this.#work(running).finally(() => {
      this.#running.delete(claimed.lease);
      void this.#pump();
    });
  }

  async #work(running: Running): Promise<void> {
    const { claimed, stop } = running;
    const { log, metrics } = this.#parts;
    const startedAt = performance.now();
    const onProgress = (progress: Progress) => {
      running.progress = progress;
    };
    try {
      const { embeddings, voices, ...options } = claimed.options;
      const known = voices === 'true' ? await this.#known(claimed.key) : {};
      const result = await this.#withAudio(claimed, stop.signal, async (path) =>
        this.#parts.recordings.diarize(await recordingAt(path), { ...options, ...known } as JobOptions, {
          signal: stop.signal,
          onProgress,
        }),
      );
      const won = await this.#report(stop.signal, () =>
        this.#parts.leases.succeed(claimed, result, result.duration, embeddings === 'true'),
      );
      if (!won) return;
      metrics.ended('succeeded', result.duration);
      log({ level: 'info', message: 'job succeeded', job: claimed.id, ms: Math.round(performance.now() - startedAt) });
      this.#inBackground(this.#deleteAudio(claimed));
    } catch (error) {
      if (stop.signal.aborted) return;
      await this.#failed(claimed, stop.signal, error);
    }
  }

  async #failed(claimed: Claimed, signal: AbortSignal, error: unknown): Promise<void> {
    const problem = problemOf(error);
    const action = failureActionOf(error);
    const { metrics, log } = this.#parts;
    log({
      level: 'warn',
      message: 'job failed',
      job: claimed.id,
      verdict: action,
      code: problem.code,
      error: String(error),
    });
    const state = await this.#report(signal, () => this.#parts.leases.fail(claimed, problem, action)).catch(
      (unreported) => {
        log({ level: 'error', message: 'failure of a job not stored', job: claimed.id, error: String(unreported) });
        return undefined;
      },
    );
    if (state === 'queued') metrics.retried();
    if (state !== 'failed') return;
    metrics.ended('failed', 0);
    this.#inBackground(this.#deleteAudio(claimed));
  }

  async #known(key: string): Promise<{ known?: string }> {
    const voices = await this.#parts.voices.known(key, this.#parts.recordings.space);
    return voices.length === 0 ? {} : { known: JSON.stringify(voices) };
  }

  #withAudio<T>(claimed: Claimed, signal: AbortSignal, use: (path: string) => Promise<T>): Promise<T> {
    const { storage, withUrl } = this.#parts;
    if (claimed.object !== null) return storage.withFile(claimed.object, signal, use);
    if (claimed.url !== null) return withUrl(claimed.url, signal, use);
    throw new VoiceFlowError('invalid-audio', 'the job has no audio');
  }

  /** Runs work that the next job need not wait for, but `stop` must. */
  #inBackground(work: Promise<void>): void {
    const all = this.#background;
    all.add(work);
    void work.finally(() => all.delete(work));
  }

  /** Best effort: the janitor deletes what remains. */
  async #deleteAudio({ id, object }: Claimed): Promise<void> {
    const { storage, leases, deleteAudio, log } = this.#parts;
    if (object === null || !deleteAudio) return;
    try {
      await storage.delete(object);
      await leases.forgetOf(id, object);
    } catch (error) {
      log({ level: 'warn', message: 'audio not deleted yet', error: String(error) });
    }
  }

  /**
   * Stores the outcome of a job, with retries while the database is unavailable, so that no result is lost with a
   * connection.
   */
  async #report<T>(signal: AbortSignal, write: () => Promise<T>): Promise<T> {
    for (let wait = REPORT_AGAIN_MS.first; ; wait = Math.min(2 * wait, REPORT_AGAIN_MS.last)) {
      try {
        return await write();
      } catch (error) {
        if (!isUnavailable(error) || signal.aborted) throw error;
        await sleep(wait, undefined, { signal }).catch(() => {
          throw error;
        });
      }
    }
  }

  /** Renews the leases of all running jobs, and stops those whose lease is lost. */
  async #beat(): Promise<void> {
    if (this.#beating || this.#running.size === 0) return;
    this.#beating = true;
    const beats = [...this.#running.values()];
    try {
      const kept = await this.#parts.leases.heartbeat(
        beats.map(({ claimed, progress }) => ({ lease: claimed.lease, progress })),
      );
      const held = new Set(kept);
      for (const { claimed, stop } of beats) {
        // The job was canceled, deleted, or given to another worker: its result would be refused.
        if (!held.has(claimed.lease) && this.#running.has(claimed.lease))
          stop.abort(new VoiceFlowError('aborted', 'the job was canceled or claimed by another worker'));
      }
    } catch {
      // The database is unavailable: the work continues. A result is accepted only while its lease is valid.
    } finally {
      this.#beating = false;
    }
  }
}

export async function recordingAt(path: string): Promise<Recording> {
  return { path, bytes: (await stat(path)).size };
}
