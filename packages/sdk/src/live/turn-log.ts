/** A final turn: times in seconds, and the speaker as emitted. */
export interface LoggedTurn {
  readonly start: number;
  readonly end: number;
  readonly speaker: number;
  readonly confidence: number;
}

/** Maximum number of kept turns, about two days of lively talk (10 MB); then the oldest tenth is dropped. */
const MOST_TURNS = 100_000;

/** The final turns of a session, or the latest of them if it lasts for days. */
export class TurnLog {
  #turns: LoggedTurn[] = [];
  #forgotten = 0;

  get turns(): readonly LoggedTurn[] {
    return this.#turns;
  }

  /** Number of turns dropped to bound memory. */
  get forgotten(): number {
    return this.#forgotten;
  }

  add(turn: LoggedTurn): void {
    this.#turns.push(turn);
    if (this.#turns.length < MOST_TURNS) return;
    const dropped = Math.floor(MOST_TURNS / 10);
    this.#turns = this.#turns.slice(dropped);
    this.#forgotten += dropped;
  }
}
