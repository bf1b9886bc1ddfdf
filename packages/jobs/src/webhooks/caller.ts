import type { Database } from '../database/database.ts';
import { OutsideError, requestOutside } from '../outside/request.ts';
import type { JobMetrics } from '../worker/metrics.ts';
import type { Log } from '../worker/worker.ts';
import { Deliveries, type Delivery } from './deliveries.ts';
import { signedHeaders } from './sign.ts';

const POLL_MS = 1_000;
/** Most concurrent calls. A receiver that never responds occupies one of them until the timeout. */
const AT_ONCE = 32;
/**
 * Most of them for jobs of one API key (at times up to twice as many), so that its unresponsive receivers do not block
 * all others.
 */
const OF_A_KEY = 8;
const CALL_MS = 10_000;

interface CallerParts {
  readonly db: Database;
  readonly secret: Uint8Array;
  readonly allowPrivate: boolean;
  readonly metrics: JobMetrics;
  readonly log: Log;
}

/** Makes the webhook calls that are due, until each has succeeded or was retried often enough. */
export class Caller {
  readonly #parts: CallerParts;
  readonly #deliveries: Deliveries;
  readonly #calls = new Set<Promise<void>>();
  readonly #countByKey = new Map<string, number>();
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setInterval> | undefined;
  #delivering = false;

  constructor(parts: CallerParts) {
    this.#parts = parts;
    this.#deliveries = new Deliveries(parts.db);
  }

  start(): void {
    const look = () => void this.#deliverDue();
    this.#parts.db.listen('voiceflow_webhook', look);
    this.#timer = setInterval(look, POLL_MS);
    look();
  }

  /** Aborts running calls. They stay due, and this or another process makes them again. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await Promise.all(this.#calls);
  }

  async #deliverDue(): Promise<void> {
    if (this.#delivering || this.#stop.signal.aborted) return;
    this.#delivering = true;
    try {
      for (let room = AT_ONCE - this.#calls.size; room > 0; room = AT_ONCE - this.#calls.size) {
        const busy = [...this.#countByKey].filter(([, count]) => count >= OF_A_KEY).map(([key]) => key);
        const due = await this.#deliveries.take(Math.min(room, OF_A_KEY), busy);
        if (due.length === 0) break;
        for (const delivery of due) this.#begin(delivery);
      }
    } catch {
      // The database is unavailable; the next poll tries again.
    } finally {
      this.#delivering = false;
    }
  }

  #begin(delivery: Delivery): void {
    const { key } = delivery;
    this.#countByKey.set(key, (this.#countByKey.get(key) ?? 0) + 1);
    const call: Promise<void> = this.#call(delivery)
      .catch((error) =>
        this.#parts.log({ level: 'warn', message: 'outcome of a webhook call not stored', error: String(error) }),
      )
      .finally(() => {
        this.#calls.delete(call);
        const left = (this.#countByKey.get(key) ?? 1) - 1;
        if (left > 0) this.#countByKey.set(key, left);
        else this.#countByKey.delete(key);
        // Other deliveries may have waited for this slot.
        if (this.#calls.size === AT_ONCE - 1 || left === OF_A_KEY - 1) void this.#deliverDue();
      });
    this.#calls.add(call);
  }

  async #call(delivery: Delivery): Promise<void> {
    const { metrics, log } = this.#parts;
    try {
      await this.#send(delivery);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const why = error instanceof Error ? error.message : String(error);
      const again = await this.#deliveries.failed(delivery, why, error instanceof OutsideError && error.permanent);
      metrics.delivered(again ? 'failed' : 'given-up');
      log({ level: 'warn', message: 'webhook failed', job: delivery.job, tries: delivery.tries + 1, again, why });
      return;
    }
    await this.#deliveries.delivered(delivery.id);
    metrics.delivered('ok');
  }

  async #send({ id, url, job, state, metadata, problem, audioSeconds, endedAt }: Delivery): Promise<void> {
    const body = JSON.stringify({
      type: `job.${state}`,
      timestamp: endedAt,
      data: { id: job, state, metadata, problem, audioSeconds, result: `/v1/jobs/${job}/result` },
    });
    const response = await requestOutside(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...signedHeaders(this.#parts.secret, id, body, Math.floor(Date.now() / 1000)),
      },
      body,
      allowPrivate: this.#parts.allowPrivate,
      timeoutMs: CALL_MS,
      // A redirect would turn the POST into a GET, or send our signature to another receiver.
      redirects: 0,
      signal: this.#stop.signal,
    });
    response.on('error', () => {}).destroy();
    const { statusCode = 0 } = response;
    if (statusCode < 200 || statusCode > 299) throw new Error(`it responded with ${statusCode}`);
  }
}
