import { VoiceFlowError } from 'voiceflow-ml/core';

/** Most clients that are remembered. Beyond this, those seen longest ago are forgotten, which refills their buckets. */
const MAX_CLIENTS = 10_000;

/** A token bucket for each client: `perMinute` requests per minute, and at most that many at once. */
export class Quota {
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** @param perMinute Requests per minute and client; 0 for no quota. */
  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** @throws `quota-exceeded` with the seconds until the next request is allowed. */
  take(client: string): void {
    if (this.#perMinute === 0) return;
    const now = this.#now();
    const bucket = this.#buckets.get(client) ?? { tokens: this.#perMinute, at: now };
    bucket.tokens = Math.min(this.#perMinute, bucket.tokens + ((now - bucket.at) / 60_000) * this.#perMinute);
    bucket.at = now;
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size > MAX_CLIENTS && oldest.done !== true) this.#buckets.delete(oldest.value);
    if (bucket.tokens < 1) {
      const seconds = Math.max(1, Math.ceil(((1 - bucket.tokens) * 60) / this.#perMinute));
      throw new VoiceFlowError(
        'quota-exceeded',
        `this client has used its quota of ${this.#perMinute} requests per minute`,
        { hint: 'Try again after Retry-After seconds.', retryAfter: seconds },
      );
    }
    bucket.tokens--;
  }
}
