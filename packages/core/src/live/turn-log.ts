import type { HeardWindow } from './recent-windows.ts';
import type { Stretch } from './stretch.ts';
import type { LiveTurn } from './turn-builder.ts';

/** A final turn: seconds, whom it was told to be, and which remembered voice it is made of. */
export interface LoggedTurn {
  readonly start: number;
  readonly end: number;
  readonly speaker: number;
  readonly confidence: number;
  stretch: Stretch | undefined;
}

interface Waiting {
  readonly turn: LiveTurn;
  readonly logged: LoggedTurn;
  readonly votes: Map<Stretch, number>;
}

/** Final turns that are kept, about two days of lively talk (10 MB); then the oldest tenth is forgotten. */
const MOST_TURNS = 100_000;

/** Stretches of others count for turns that have none of their speaker's: it was named anew after it was told. */
const OTHERS = 1e-3;

/** The final turns of a session, the latest of them if it lasts for days. */
export class TurnLog {
  #turns: LoggedTurn[] = [];
  /** Turns whose windows are not all settled. */
  #waiting: Waiting[] = [];
  #forgotten = 0;

  get turns(): readonly LoggedTurn[] {
    return this.#turns;
  }

  /** Turns that were dropped to bound the memory. */
  get forgotten(): number {
    return this.#forgotten;
  }

  add(turn: LiveTurn, logged: LoggedTurn): void {
    this.#turns.push(logged);
    this.#waiting.push({ turn, logged, votes: new Map() });
    if (this.#turns.length < MOST_TURNS) return;
    const gone = Math.floor(MOST_TURNS / 10);
    this.#turns = this.#turns.slice(gone);
    this.#forgotten += gone;
  }

  /** A slot of a window went to a stretch of a speaker: turns in the window may be made of it. */
  vote(window: HeardWindow, slot: number, slots: number, speaker: number, stretch: Stretch): void {
    const frames = window.activity.length / slots;
    for (const { turn, votes } of this.#waiting) {
      const first = Math.max(0, turn.start - window.start);
      const last = Math.min(frames, turn.end - window.start);
      let weight = 0;
      for (let f = first; f < last; f++) weight += window.activity[f * slots + slot] as number;
      if (turn.speaker !== speaker) weight *= OTHERS;
      if (weight > 0) votes.set(stretch, (votes.get(stretch) ?? 0) + weight);
    }
  }

  /** All windows that begin before a frame are settled. */
  settled(frame: number): void {
    this.#waiting = this.#waiting.filter(({ turn, logged, votes }) => {
      let most = 0;
      for (const [stretch, weight] of votes) {
        if (weight <= most) continue;
        most = weight;
        logged.stretch = stretch;
      }
      return turn.end > frame;
    });
  }

  /** Stretches became one. */
  replace(became: ReadonlyMap<Stretch, Stretch>): void {
    for (const turn of this.#turns) turn.stretch = turn.stretch && (became.get(turn.stretch) ?? turn.stretch);
    for (const { votes } of this.#waiting) {
      for (const [stretch, weight] of [...votes]) {
        const kept = became.get(stretch);
        if (!kept) continue;
        votes.delete(stretch);
        votes.set(kept, (votes.get(kept) ?? 0) + weight);
      }
    }
  }
}
