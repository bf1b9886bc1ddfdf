import type { JobsHost } from './host.ts';

/**
 * The memory that one request takes from the budget of all requests. Recordings do not count: they are streamed to the
 * storage.
 */
export class RequestMemory {
  readonly #budget: JobsHost['budget'];
  #bytes = 0;

  constructor(budget: JobsHost['budget']) {
    this.#budget = budget;
  }

  /** @throws `overloaded` when all requests together would exceed the budget. */
  take(bytes: number): void {
    this.#budget.take(bytes);
    this.#bytes += bytes;
  }

  release(): void {
    this.#budget.give(this.#bytes);
    this.#bytes = 0;
  }

  /** Passes on a body that is kept in memory as a whole, and counts its bytes. */
  async *all(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      this.take(chunk.byteLength);
      yield chunk;
    }
  }
}
