/** Milliseconds since its last request for which a client counts as one that asks. */
const ACTIVE_MS = 10_000;
/** Places that any client gets, however many ask. */
const LEAST = 8;
/** Clients remembered. */
const MAX_CLIENTS = 10_000;

/** Places of one queue by client: alone, a client may take all of them; among others, as many as each of them. */
export class Shares {
  readonly #held = new Map<string, number>();
  /** When each asked last, longest ago first. */
  readonly #asked = new Map<string, number>();

  add(client: string | undefined, places: 1 | -1): void {
    if (client === undefined) return;
    const held = (this.#held.get(client) ?? 0) + places;
    if (held > 0) this.#held.set(client, held);
    else this.#held.delete(client);
  }

  /** Whether a client that asks now holds its share of `places` already. */
  isBeyond(client: string | undefined, places: number, now: number): boolean {
    if (client === undefined) return false;
    this.#asked.delete(client);
    this.#asked.set(client, now);
    for (const [other, time] of this.#asked) {
      if (now - time < ACTIVE_MS && this.#asked.size <= MAX_CLIENTS) break;
      this.#asked.delete(other);
    }
    if (this.#asked.size === 1) return false;
    return (this.#held.get(client) ?? 0) >= Math.max(LEAST, Math.ceil(places / this.#asked.size));
  }
}
