import { VoiceFlowError } from 'voiceflow-ml/core';
import { type Depth, type Jobs, NOTHING } from './jobs.ts';

/** The figures of the queue as last counted, and the limit of jobs that may wait. */
export class QueueLimit {
  readonly #jobs: Pick<Jobs, 'depth' | 'inserted'>;
  readonly #most: number;
  #depth: Depth = NOTHING;
  /** `jobs.inserted` when the count began; undefined before the first count. */
  #insertedBefore: number | undefined;
  /** Requests that were admitted and have not ended. Each may insert one job. */
  #reserved = 0;
  #last: Promise<void> = Promise.resolve();
  /** A count that has not begun. */
  #next: Promise<void> | undefined;

  /** @param most Jobs that may be queued. */
  constructor(jobs: Pick<Jobs, 'depth' | 'inserted'>, most: number) {
    this.#jobs = jobs;
    this.#most = most;
  }

  get depth(): Depth {
    return this.#depth;
  }

  /**
   * Counts the queue. Callers share a count that begins after their call; one count runs at a time.
   * @throws `backend-unavailable`.
   */
  count(): Promise<void> {
    if (this.#next === undefined) {
      const begin = () => {
        this.#next = undefined;
        return this.#count();
      };
      this.#next = this.#last.then(begin, begin);
      this.#last = this.#next;
    }
    return this.#next;
  }

  /**
   * Runs a request that may insert one job. Its place is reserved until it ends. At the limit the queue is counted
   * again, because jobs may have ended since the last count.
   * @throws `overloaded` at the limit; `backend-unavailable`; what `request` throws.
   */
  async within<T>(request: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#most) await this.count();
    if (this.#taken >= this.#most) {
      throw new VoiceFlowError('overloaded', `the limit of ${this.#most} queued jobs is reached`, {
        hint: 'Try again after Retry-After seconds.',
        retryAfter: 30,
      });
    }
    this.#reserved++;
    try {
      return await request();
    } finally {
      this.#reserved--;
    }
  }

  /** Queued jobs and reserved places. A job inserted during a count may be counted twice, but none is missed. */
  get #taken(): number {
    if (this.#insertedBefore === undefined) return Number.POSITIVE_INFINITY;
    return this.#depth.queued + this.#jobs.inserted - this.#insertedBefore + this.#reserved;
  }

  async #count(): Promise<void> {
    const inserted = this.#jobs.inserted;
    this.#depth = await this.#jobs.depth();
    this.#insertedBefore = inserted;
  }
}
