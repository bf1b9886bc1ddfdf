import type { LiveEvent } from 'voiceflow-ml/core';
import type { ShownTurn } from './recording.ts';

/** The turns of a live session, kept up to date from its events. */
export class LiveTurns {
  readonly #turns = new Map<string, ShownTurn>();

  apply(event: LiveEvent): void {
    if (event.type === 'speaker') return;
    if (event.type === 'speaker-merged') {
      const { from, into } = event;
      for (const [id, turn] of this.#turns) if (turn.speaker === from) this.#turns.set(id, { ...turn, speaker: into });
    } else if (event.type === 'turn-end' && event.end <= event.start) this.#turns.delete(event.turn);
    else {
      const { turn, start, end, speaker, confidence } = event;
      this.#turns.set(turn, { start, end, speaker, confidence, tentative: event.type !== 'turn-end' });
    }
  }

  /** Sorted by start. */
  get turns(): ShownTurn[] {
    return [...this.#turns.values()].sort((a, b) => a.start - b.start);
  }
}
