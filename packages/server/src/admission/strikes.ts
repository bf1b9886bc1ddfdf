import { VoiceFlowError } from 'voiceflow-ml/core';

/** Number of workers lost to a client's requests within `WINDOW_MS` after which it is refused for `REFUSED_MS`. */
const MAX_STRIKES = 3;
const WINDOW_MS = 10 * 60_000;
const REFUSED_MS = 60_000;
/** Most clients that are remembered; beyond this, those with the oldest strikes are forgotten. */
const MAX_CLIENTS = 10_000;

/**
 * Counts requests of clients (API keys) that crashed their workers or had to be killed: each costs all clients a
 * restart.
 */
export class Strikes {
  /** Times of each client's strikes; the client with the oldest last strike first. */
  readonly #of = new Map<string, number[]>();

  add(client: string): void {
    const now = performance.now();
    const times = (this.#of.get(client) ?? []).filter((time) => now - time < WINDOW_MS).slice(-MAX_STRIKES + 1);
    this.#of.delete(client);
    this.#of.set(client, [...times, now]);
    const oldest = this.#of.keys().next();
    if (this.#of.size > MAX_CLIENTS && oldest.done !== true) this.#of.delete(oldest.value);
  }

  /** @throws `quota-exceeded`. */
  check(client: string): void {
    if (this.#of.size === 0) return;
    const now = performance.now();
    const times = (this.#of.get(client) ?? []).filter((time) => now - time < WINDOW_MS);
    const left = (times.at(-1) ?? Number.NEGATIVE_INFINITY) + REFUSED_MS - now;
    if (times.length < MAX_STRIKES || left <= 0) return;
    throw new VoiceFlowError('quota-exceeded', `requests of this client crashed ${MAX_STRIKES} worker processes`, {
      hint: 'Try again after Retry-After seconds, with different audio.',
      retryAfter: left / 1000,
    });
  }
}
