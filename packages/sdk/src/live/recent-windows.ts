import { cleanFrames, type Slots, voiceOf } from '../stages/local-speaker-table.ts';
import { activeFrames, type LocalWindows } from '../stages/local-speakers.ts';
import { project, type VoiceSpace } from '../stages/plda.ts';

/** One window of a live session, with what is worked out of it once. */
export interface HeardWindow {
  /** Its first frame; the session's first sample is in frame 0. */
  readonly start: number;
  /** `[frames, slots]`. */
  readonly activity: Float32Array;
  /** `[slots]`: the unit vector of a slot that speaks. */
  readonly embeddings: readonly (Float32Array | undefined)[];
  /** `[slots, to]`: the voices of the slots that speak, in the voice space. */
  readonly voices: Float32Array;
  /** `[slots]`: seconds of speech that no other slot overlaps. */
  readonly clean: Float32Array;
  /** `[slots]`: the speaker that decoding gave to the slot at the latest look, −1 for nobody. */
  readonly speakerOf: Int16Array;
  /** `[slots]`: probability that the slot is that speaker, among all. */
  readonly posterior: Float32Array;
  /** Nothing will change `speakerOf` any more. */
  settled: boolean;
}

export interface HearingRules {
  readonly space: VoiceSpace;
  /** A frame counts as speech above this. */
  readonly above: number;
  /** Frames of speech that make a slot a local speaker. */
  readonly least: number;
  /** Seconds of a frame. */
  readonly frame: number;
}

/** The latest windows of a live session. */
export class RecentWindows implements LocalWindows {
  readonly frames: number;
  readonly slots: number;
  /** Frames between windows, if none was left out. */
  readonly hop: number;
  readonly #rules: HearingRules;
  #kept: HeardWindow[] = [];

  constructor(shape: { readonly frames: number; readonly slots: number; readonly hop: number }, rules: HearingRules) {
    this.frames = shape.frames;
    this.slots = shape.slots;
    this.hop = shape.hop;
    this.#rules = rules;
  }

  get windows(): number {
    return this.#kept.length;
  }

  step(window: number): number {
    const before = this.#kept[window - 1];
    return before ? this.#kept[window]!.start - before.start : this.hop;
  }

  /** In order of time. */
  get all(): readonly HeardWindow[] {
    return this.#kept;
  }

  activity(window: number): Float32Array {
    return this.#kept[window]!.activity;
  }

  /**
   * The next window.
   * @param activity `[frames, slots]`. @param embeddings `[slots, from]`. Both are kept, not copied.
   */
  add(start: number, activity: Float32Array, embeddings: Float32Array): HeardWindow {
    const { space, above, least, frame } = this.#rules;
    const { slots } = this;
    const voices = new Float32Array(slots * space.to);
    const clean = new Float32Array(slots);
    const kept = Array.from({ length: slots }, (_, slot) => {
      if (activeFrames(activity, slots, slot, above) < least) return undefined;
      const embedding = embeddings.subarray(slot * space.from, (slot + 1) * space.from);
      project(space, embedding, voices.subarray(slot * space.to, (slot + 1) * space.to));
      clean[slot] = cleanFrames(activity, slots, slot, above) * frame;
      return embedding;
    });
    const window = {
      start,
      activity,
      embeddings: kept,
      voices,
      clean,
      speakerOf: new Int16Array(slots).fill(-1),
      posterior: new Float32Array(slots),
      settled: false,
    };
    this.#kept.push(window);
    return window;
  }

  /** Forgets the windows that end at or before a frame. */
  dropUntil(frame: number): void {
    let gone = 0;
    while (gone < this.#kept.length && this.#kept[gone]!.start + this.frames <= frame) gone++;
    if (gone > 0) this.#kept = this.#kept.slice(gone);
  }

  /** The local speakers of the kept windows, for the steps that a recording goes through as well. */
  table(): Slots {
    const { slots } = this;
    const { to } = this.#rules.space;
    const rowAt = new Int32Array(this.windows * slots).fill(-1);
    let rows = 0;
    this.#kept.forEach((window, w) => {
      window.embeddings.forEach((embedding, slot) => {
        if (embedding) rowAt[w * slots + slot] = rows++;
      });
    });
    const table = {
      rowAt,
      window: new Int32Array(rows),
      slot: new Uint8Array(rows),
      clean: new Float32Array(rows),
      voices: new Float32Array(rows * to),
      to,
    };
    rowAt.forEach((row, at) => {
      if (row < 0) return;
      const slot = at % slots;
      const window = this.#kept[(at - slot) / slots]!;
      table.window[row] = (at - slot) / slots;
      table.slot[row] = slot;
      table.clean[row] = window.clean[slot]!;
      voiceOf(table, row).set(window.voices.subarray(slot * to, (slot + 1) * to));
    });
    return table;
  }
}
