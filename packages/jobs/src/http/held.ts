import type { JobsHost } from './host.ts';

/** What one request holds in memory, taken from the budget of all of them. Recordings are not: they go to the storage. */
export class Held {
  readonly #budget: JobsHost['budget'];
  #bytes = 0;

  constructor(budget: JobsHost['budget']) {
    this.#budget = budget;
  }

  /** @throws `overloaded` where all requests together would hold too much. */
  take(bytes: number): void {
    this.#budget.take(bytes);
    this.#bytes += bytes;
  }

  release(): void {
    this.#budget.give(this.#bytes);
    this.#bytes = 0;
  }

  /** A body that is kept whole. */
  async *all(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      this.take(chunk.byteLength);
      yield chunk;
    }
  }
}
