/** What waits to be iterated. One consumer: two iterators would share the events between them. */
export class EventQueue<T> implements AsyncIterable<T> {
  #waiting: T[] = [];
  /** Where in `#waiting` the next one is: shifting an array of thousands would copy it each time. */
  #at = 0;
  #over = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  /** Events that nobody has read yet. */
  get length(): number {
    return this.#waiting.length - this.#at;
  }

  push(item: T): void {
    if (this.#over) return;
    this.#waiting.push(item);
    this.#wake?.();
  }

  /** No more will come; what waits can still be read. */
  end(): void {
    this.#over = true;
    this.#wake?.();
  }

  /** No more will come, what waits is dropped, and reading throws `error`, if there is one. */
  stop(error?: unknown): void {
    this.#waiting = [];
    this.#at = 0;
    this.#error = error;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      while (this.length > 0) yield this.#take();
      if (this.#error !== undefined) throw this.#error;
      if (this.#over) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  #take(): T {
    const item = this.#waiting[this.#at++]!;
    if (this.#at === this.#waiting.length || this.#at === 1024) {
      this.#waiting = this.#waiting.slice(this.#at);
      this.#at = 0;
    }
    return item;
  }
}
