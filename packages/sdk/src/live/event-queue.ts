/** Queue of events that have not been read yet. For one consumer: two iterators would split the events between them. */
export class EventQueue<T> implements AsyncIterable<T> {
  #waiting: T[] = [];
  /** Index of the next event in `#waiting`: `shift()` on an array of thousands would copy it each time. */
  #at = 0;
  #over = false;
  #error: unknown;
  /** Of the readers that wait for an event. */
  #resume: (() => void)[] = [];

  /** Number of unread events. */
  get length(): number {
    return this.#waiting.length - this.#at;
  }

  push(item: T): void {
    if (this.#over) return;
    this.#waiting.push(item);
    this.#wake();
  }

  /** Ends the queue; unread events can still be read. */
  end(): void {
    this.#over = true;
    this.#wake();
  }

  /** Ends the queue and drops unread events, unless it has ended already. Reading then throws `error`, if given. */
  stop(error?: unknown): void {
    this.#error ??= error;
    if (this.#over) return;
    this.#waiting = [];
    this.#at = 0;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      while (this.length > 0) yield this.#take();
      if (this.#error !== undefined) throw this.#error;
      if (this.#over) return;
      await new Promise<void>((resolve) => this.#resume.push(resolve));
    }
  }

  #wake(): void {
    const waiting = this.#resume;
    this.#resume = [];
    for (const resume of waiting) resume();
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
