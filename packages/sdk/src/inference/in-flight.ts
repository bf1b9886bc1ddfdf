/** Runs that have begun: how many are let go on at once, and what the first of them failed with. */
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

  /** Waits until `most` are left. @throws what a run failed with. */
  async settle(most: number): Promise<void> {
    while (this.#running.length > most) await this.#running.shift();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits for all without asking what became of them. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}
