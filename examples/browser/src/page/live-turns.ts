import type { LiveEvent } from 'voiceflow-ml/core';
import type { Recording, ShownTurn } from './recording.ts';

/** Milliseconds between redraws. */
const REDRAW_MS = 250;

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

/** Writes a session's events into its recording until they end; calls `draw` a few times per second. */
export async function followTurns(
  events: AsyncIterable<LiveEvent>,
  recording: Recording,
  draw: () => void,
): Promise<void> {
  const live = new LiveTurns();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const update = () => {
    timer = undefined;
    recording.turns = live.turns;
    recording.duration = Math.max(recording.duration, ...recording.turns.map(({ end }) => end));
    draw();
  };
  try {
    for await (const event of events) {
      live.apply(event);
      if (event.type === 'speaker' && event.name) recording.rename(event.speaker, event.name);
      timer ??= setTimeout(update, REDRAW_MS);
    }
  } finally {
    clearTimeout(timer);
  }
}
