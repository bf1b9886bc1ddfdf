/** The runs in flight: bounds their number and keeps the first error. */
export class InFlight {
  readonly #running: Promise<void>[] = [];
  #failure: unknown;

  add(run: Promise<void>): void {
    this.#running.push(
      run.catch((error: unknown) => {
        this.#failure ??= error;
      }),
    );
  }

  /** Waits until at most `most` runs are left. @throws The first error of a run. */
  async settle(most: number): Promise<void> {
    while (this.#running.length > most) await this.#running.shift();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits for all runs, ignoring their errors. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}
