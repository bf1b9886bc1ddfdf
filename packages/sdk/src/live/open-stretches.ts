import type { Slots } from '../stages/local-speaker-table.ts';
import { secondsOf, type Tracks } from '../stages/tracks.ts';
import type { RecentWindow, RecentWindows } from './recent-windows.ts';
import type { Stretch } from './stretch.ts';
import type { VoiceMemory } from './voice-memory.ts';

/** Maximum seconds of a stretch. If a speaker change is missed, this limits how much speech of two people is mixed. */
const STRETCH = 2;

/** A stretch that can be continued, with the last settled slot that was added to it. */
interface OpenStretch {
  readonly stretch: Stretch;
  readonly window: RecentWindow;
  readonly slot: number;
}

/** Adds the speech of windows to the remembered stretches once the windows' speakers are final. */
export class OpenStretches {
  readonly #recent: RecentWindows;
  readonly #memory: VoiceMemory;
  /** For each speaker, the stretch that contains its latest settled slot. */
  #open = new Map<number, OpenStretch>();

  constructor(recent: RecentWindows, memory: VoiceMemory) {
    this.#recent = recent;
    this.#memory = memory;
  }

  /** Settles the windows that end by the frame `final`, and adds their speech to stretches. */
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

  /** Ends a speaker's open stretch. */
  forget(speaker: number): void {
    this.#open.delete(speaker);
  }

  /** The stretch that a slot continues: that of its speaker and track in the previous window, unless it is full. */
  #following(table: Slots, { trackOf }: Tracks, window: number, slot: number): Stretch | undefined {
    const { slots, all } = this.#recent;
    const before = this.#open.get(all[window]!.speakerOf[slot]!);
    if (!before || before.window !== all[window - 1] || before.stretch.seconds >= STRETCH) return undefined;
    const row = (at: number, of: number) => table.rowAt[at * slots + of]!;
    return trackOf[row(window - 1, before.slot)] === trackOf[row(window, slot)] ? before.stretch : undefined;
  }
}
