import { cleanFrames, type Slots, voiceOf } from '../stages/local-speaker-table.ts';
import { activeFrames, type LocalWindows } from '../stages/local-speakers.ts';
import { project, type VoiceSpace } from '../stages/plda.ts';

/** One window of a live session, with the values derived from it. */
export interface RecentWindow {
  /** First frame of the window; the session's first sample is in frame 0. */
  readonly start: number;
  /** `[frames, slots]`, 0 in frames without speech; and as the network output it. */
  readonly activity: Float32Array;
  readonly unmasked: Float32Array;
  /** `[slots]`: unit-length embedding of each slot that speaks. */
  readonly embeddings: readonly (Float32Array | undefined)[];
  /** `[slots, to]`: embeddings of the slots that speak, projected into the voice space. */
  readonly voices: Float32Array;
  /** `[slots]`: seconds of speech without overlap by another slot. */
  readonly clean: Float32Array;
  /** `[slots]`: the speaker that decoding last assigned to the slot, −1 for none. */
  readonly speakerOf: Int16Array;
  /** `[slots]`: probability that the slot is that speaker. */
  readonly posterior: Float32Array;
  /** Whether `speakerOf` is final. */
  settled: boolean;
}

interface WindowRules {
  readonly space: VoiceSpace;
  /** Activity above which a frame counts as speech. */
  readonly above: number;
  /** Minimum frames of speech for a slot to count as a local speaker. */
  readonly least: number;
  /** Seconds per frame. */
  readonly frame: number;
}

/** The latest windows of a live session. */
export class RecentWindows implements LocalWindows {
  readonly frames: number;
  readonly slots: number;
  /** Frames between windows, if none is skipped. */
  readonly hop: number;
  readonly #rules: WindowRules;
  #kept: RecentWindow[] = [];

  constructor(shape: { readonly frames: number; readonly slots: number; readonly hop: number }, rules: WindowRules) {
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

  /** The kept windows, in time order. */
  get all(): readonly RecentWindow[] {
    return this.#kept;
  }

  activity(window: number): Float32Array {
    return this.#kept[window]!.activity;
  }

  /**
   * Adds the next window.
   * @param activity `[frames, slots]`. @param embeddings `[slots, from]`. Both are kept, not copied.
   * @param unmasked `activity` as the network output it, if a speech gate has changed it.
   */
  add(start: number, activity: Float32Array, embeddings: Float32Array, unmasked = activity): RecentWindow {
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
      unmasked,
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

  /** Drops the windows that end at or before a frame. */
  dropUntil(frame: number): void {
    let dropped = 0;
    while (dropped < this.#kept.length && this.#kept[dropped]!.start + this.frames <= frame) dropped++;
    if (dropped > 0) this.#kept = this.#kept.slice(dropped);
  }

  /** The local speakers of the kept windows, in the form that the stages shared with recordings expect. */
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
