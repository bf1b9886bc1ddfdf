/** Milliseconds after its last request for which a client counts as active. */
const ACTIVE_MS = 10_000;
/** Places that every client gets, however many are active. */
const LEAST = 8;
/** Most clients that are remembered. */
const MAX_CLIENTS = 10_000;

/** Divides the places of a queue: a single active client may use all of them, several get equal shares. */
export class Shares {
  readonly #held = new Map<string, number>();
  /** Time of each client's last request, oldest first. */
  readonly #lastRequest = new Map<string, number>();

  add(client: string | undefined, places: 1 | -1): void {
    if (client === undefined) return;
    const held = (this.#held.get(client) ?? 0) + places;
    if (held > 0) this.#held.set(client, held);
    else this.#held.delete(client);
  }

  /** Whether a client that sends a request now already holds its share of `places`. */
  isBeyond(client: string | undefined, places: number, now: number): boolean {
    if (client === undefined) return false;
    this.#lastRequest.delete(client);
    this.#lastRequest.set(client, now);
    for (const [other, time] of this.#lastRequest) {
      if (now - time < ACTIVE_MS && this.#lastRequest.size <= MAX_CLIENTS) break;
      this.#lastRequest.delete(other);
    }
    if (this.#lastRequest.size === 1) return false;
    return (this.#held.get(client) ?? 0) >= Math.max(LEAST, Math.ceil(places / this.#lastRequest.size));
  }
}
