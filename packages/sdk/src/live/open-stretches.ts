import type { Slots } from '../stages/local-speaker-table.ts';
import { secondsOf, type Tracks } from '../stages/tracks.ts';
import type { HeardWindow, RecentWindows } from './recent-windows.ts';
import type { Stretch } from './stretch.ts';
import type { VoiceMemory } from './voice-memory.ts';

/** Seconds of a stretch. Where one speaker follows another unnoticed, so much is learnt as one voice, and no more. */
const STRETCH = 2;

/** Where a stretch goes on: the settled slot that was its latest. */
interface OpenStretch {
  readonly stretch: Stretch;
  readonly window: HeardWindow;
  readonly slot: number;
}

/** Gives what windows heard to the stretches that are remembered, once it is decided who speaks in them. */
export class OpenStretches {
  readonly #recent: RecentWindows;
  readonly #memory: VoiceMemory;
  /** The stretch that each speaker's latest settled slot went to. */
  #open = new Map<number, OpenStretch>();

  constructor(recent: RecentWindows, memory: VoiceMemory) {
    this.#recent = recent;
    this.#memory = memory;
  }

  /** Windows that end before the final frame are decided: what was heard in them is remembered. */
  settle(table: Slots, tracks: Tracks, final: number): void {
    const { frames, all } = this.#recent;
    all.forEach((window, w) => {
      if (window.settled || window.start + frames > final) return;
      window.settled = true;
      const open = new Map<number, OpenStretch>();
      window.embeddings.forEach((embedding, slot) => {
        const speaker = window.speakerOf[slot]!;
        if (!embedding || speaker < 0) return;
        const stretch = this.#following(table, tracks, w, slot) ?? this.#memory.open(speaker, embedding.length);
        const row = table.rowAt[w * this.#recent.slots + slot]!;
        const seconds = secondsOf(table, row, this.#recent.step(w) / frames);
        const voice = window.voices.subarray(slot * table.to, (slot + 1) * table.to);
        this.#memory.extend(stretch, { from: window.start, to: window.start + frames, seconds }, voice, embedding);
        open.set(speaker, { stretch, window, slot });
      });
      this.#open = open;
    });
  }

  /** A speaker's stretch does not go on. */
  forget(speaker: number): void {
    this.#open.delete(speaker);
  }

  /** The stretch that a slot goes on with: that of its speaker in the window before, where both are one track. */
  #following(table: Slots, { trackOf }: Tracks, window: number, slot: number): Stretch | undefined {
    const { slots, all } = this.#recent;
    const before = this.#open.get(all[window]!.speakerOf[slot]!);
    if (!before || before.window !== all[window - 1] || before.stretch.seconds >= STRETCH) return undefined;
    const row = (at: number, of: number) => table.rowAt[at * slots + of]!;
    return trackOf[row(window - 1, before.slot)] === trackOf[row(window, slot)] ? before.stretch : undefined;
  }
}
