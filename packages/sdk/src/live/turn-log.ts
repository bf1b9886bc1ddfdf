/** A final turn: times in seconds, and the speaker as emitted. */
interface LoggedTurn {
  readonly start: number;
  readonly end: number;
  readonly speaker: number;
  readonly confidence: number;
}

/** Maximum number of kept turns, about two days of lively talk (10 MB); then the oldest tenth is dropped. */
const MOST_TURNS = 100_000;

/** The final turns of a session, or the latest of them if it lasts for days. */
export class TurnLog {
  readonly turns: LoggedTurn[] = [];
  /** Number of turns dropped to bound memory. */
  forgotten = 0;

  add(turn: LoggedTurn): void {
    this.turns.push(turn);
    if (this.turns.length >= MOST_TURNS) this.forgotten += this.turns.splice(0, MOST_TURNS / 10).length;
  }
}
