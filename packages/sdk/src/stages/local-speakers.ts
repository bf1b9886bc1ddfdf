import type { VoicedPiece } from './pieces.ts';
import { ProbabilityStore, RowStore, scaled } from './row-store.ts';
import type { SpeechMask } from './speech.ts';

/** Network outputs for consecutive windows: all windows of a recording, or the latest of a live session. */
export interface LocalWindows {
  /** Number of windows. */
  readonly windows: number;
  /** Frames per window. */
  readonly frames: number;
  /** Local speakers (slots) per window. */
  readonly slots: number;
  /** Frames from the start of the previous window to the start of this one; for the first, the usual distance. */
  step(window: number): number;
  /** `[frames, slots]` of one window. */
  activity(window: number): Float32Array;
}

/** Network outputs for a whole recording. */
export interface LocalRecording extends LocalWindows {
  /** Length of an embedding. */
  readonly dimensions: number;
  /** Frames between the starts of adjacent windows, on average. */
  readonly hop: number;
  /** Frame at which a window begins. */
  startOf(window: number): number;
  /** Pieces of clean speech with their own embeddings. If present, they are clustered instead of tracks of slots. */
  readonly pieces?: readonly VoicedPiece[];
  /** Unit-length embedding of a slot, or undefined if it is silent. Valid until the next call. */
  embedding(window: number, slot: number): Float32Array | undefined;
  /** If there is a speech gate: what it says of the recording's frames. */
  readonly mask?: SpeechMask | undefined;
  /** `activity` as the network output it, also where the gate detects no speech. Default: `activity`. */
  unmaskedActivity?(window: number): Float32Array;
}

/** Quantization levels of an embedding's values relative to the largest one. */
const LEVELS = 127;

/** `hop`: frames between adjacent windows. */
export type Shape = Pick<LocalRecording, 'frames' | 'slots' | 'dimensions' | 'hop'>;

/** A slot's embedding is kept if its activity is above `above` in at least `frames` frames. */
export interface Keep {
  readonly above: number;
  readonly frames: number;
}

/**
 * Compact store of the network outputs for every window, one byte per number: activity of all slots, embeddings only of
 * the slots that speak. Filled window by window.
 */
export class LocalSpeakers implements LocalRecording {
  readonly frames: number;
  readonly slots: number;
  readonly dimensions: number;
  readonly hop: number;
  #mask: SpeechMask | undefined;
  readonly #activity: ProbabilityStore;
  readonly #embeddings: RowStore<Int8Array>;
  /** `[windows × slots]`: row of the slot's embedding, −1 for none. */
  readonly #rowOf: number[] = [];
  /** `[rows]`: size of a quantization step of the embedding. */
  readonly #steps: number[] = [];
  readonly #keep: Keep;

  /** @param mask What a speech gate says; the frames of a window must be known before it is added. */
  constructor(shape: Shape, keep: Keep, mask?: SpeechMask) {
    this.#mask = mask;
    this.frames = shape.frames;
    this.slots = shape.slots;
    this.dimensions = shape.dimensions;
    this.hop = shape.hop;
    this.#activity = new ProbabilityStore(shape.frames * shape.slots);
    this.#embeddings = new RowStore(shape.dimensions, Int8Array);
    this.#keep = keep;
  }

  get windows(): number {
    return this.#activity.rows;
  }

  /** What a speech gate says. */
  get mask(): SpeechMask | undefined {
    return this.#mask;
  }

  /** Sets what a speech gate says, and drops the embeddings of the slots that are then silent. */
  setMask(mask: SpeechMask | undefined): void {
    this.#mask = mask;
    for (let window = 0, at = 0; window < this.windows; window++) {
      const activity = this.activity(window);
      for (let slot = 0; slot < this.slots; slot++, at++) if (!this.#speaks(activity, slot)) this.#rowOf[at] = -1;
    }
  }

  step(): number {
    return this.hop;
  }

  startOf(window: number): number {
    return window * this.hop;
  }

  /**
   * Adds windows in time order.
   * @param activity `[count, frames, slots]`, probabilities. @param embeddings `[count, slots, dimensions]`, unit
   *   length.
   */
  add(activity: Float32Array, embeddings: Float32Array): void {
    const size = this.frames * this.slots;
    for (let at = 0, slots = 0; at < activity.length; at += size) {
      this.#activity.push(activity.subarray(at, at + size));
      const row = this.activity(this.windows - 1);
      for (let slot = 0; slot < this.slots; slot++) {
        const from = slots++ * this.dimensions;
        const kept = this.#speaks(row, slot);
        this.#rowOf.push(kept ? this.#keepEmbedding(embeddings.subarray(from, from + this.dimensions)) : -1);
      }
    }
  }

  /** The windows from `first` on, or every second of them (`every` 2), without a mask. */
  thinned(first: number, every: number): LocalSpeakers {
    const thinned = new LocalSpeakers({ ...this, hop: this.hop * every }, this.#keep);
    for (let window = first; window < this.windows; window += every) {
      thinned.#activity.push(this.#activity.row(window));
      for (let slot = 0; slot < this.slots; slot++) {
        const row = this.#rowOf[window * this.slots + slot]!;
        thinned.#rowOf.push(row < 0 ? -1 : thinned.#embeddings.push(this.#embeddings.row(row)));
        if (row >= 0) thinned.#steps.push(this.#steps[row]!);
      }
    }
    return thinned;
  }

  /** `[frames, slots]` of one window, 0 in frames without speech. */
  activity(window: number): Float32Array {
    const activity = this.unmaskedActivity(window);
    this.#mask?.apply(activity, this.slots, this.startOf(window));
    return activity;
  }

  unmaskedActivity(window: number): Float32Array {
    return this.#activity.row(window);
  }

  embedding(window: number, slot: number): Float32Array | undefined {
    const row = this.#rowOf[window * this.slots + slot] ?? -1;
    return row < 0 ? undefined : scaled(this.#embeddings.row(row), this.#steps[row]!);
  }

  #speaks(activity: Float32Array, slot: number): boolean {
    return activeFrames(activity, this.slots, slot, this.#keep.above) >= this.#keep.frames;
  }

  #keepEmbedding(embedding: Float32Array): number {
    const step = embedding.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / LEVELS || 1;
    this.#steps.push(step);
    return this.#embeddings.push(embedding.map((x) => Math.round(x / step)));
  }
}

/** Number of frames in which a slot's activity is above a threshold. @param activity `[frames, slots]`. */
export function activeFrames(activity: Float32Array, slots: number, slot: number, above: number): number {
  let active = 0;
  for (let i = slot; i < activity.length; i += slots) if (activity[i]! > above) active++;
  return active;
}
