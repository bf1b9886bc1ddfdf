import type { VoicedPiece } from './pieces.ts';
import { RowStore } from './row-store.ts';
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
  /** `[frames, slots]` of one window: a view, not a copy. */
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

/**
 * Compact store of the network outputs for every window: activity of all slots, embeddings only of the slots that
 * speak. Filled window by window.
 */
export class LocalSpeakers implements LocalRecording {
  readonly frames: number;
  readonly slots: number;
  readonly dimensions: number;
  readonly hop: number;
  readonly mask: SpeechMask | undefined;
  readonly #activity: RowStore;
  readonly #embeddings: RowStore;
  readonly #rowOf: number[] = [];
  readonly #keep: { readonly above: number; readonly frames: number };

  /**
   * @param mask What a speech gate says; the frames of a window must be known before it is added.
   * @param keep A slot's embedding is kept if its activity is above `keep.above` in at least `keep.frames` frames.
   */
  constructor(
    shape: Pick<LocalRecording, 'frames' | 'slots' | 'dimensions' | 'hop'>,
    keep: { readonly above: number; readonly frames: number },
    mask?: SpeechMask,
  ) {
    this.mask = mask;
    this.frames = shape.frames;
    this.slots = shape.slots;
    this.dimensions = shape.dimensions;
    this.hop = shape.hop;
    this.#activity = new RowStore(shape.frames * shape.slots, Float32Array);
    this.#embeddings = new RowStore(shape.dimensions, Float32Array);
    this.#keep = keep;
  }

  get windows(): number {
    return this.#activity.rows;
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
    for (let at = 0, window = 0; at < activity.length; at += size, window++) {
      this.#activity.push(activity.subarray(at, at + size));
      const row = this.activity(this.windows - 1);
      for (let slot = 0; slot < this.slots; slot++) {
        const from = (window * this.slots + slot) * this.dimensions;
        const kept = activeFrames(row, this.slots, slot, this.#keep.above) >= this.#keep.frames;
        this.#rowOf.push(kept ? this.#embeddings.push(embeddings.subarray(from, from + this.dimensions)) : -1);
      }
    }
  }

  /** `[frames, slots]` of one window, 0 in frames without speech: a view, or a copy if there is a mask. */
  activity(window: number): Float32Array {
    const row = this.#activity.row(window);
    if (!this.mask) return row;
    const masked = row.slice();
    this.mask.apply(masked, this.slots, this.startOf(window));
    return masked;
  }

  unmaskedActivity(window: number): Float32Array {
    return this.#activity.row(window);
  }

  /** Unit-length embedding of a slot, or undefined if it is silent: a view, not a copy. */
  embedding(window: number, slot: number): Float32Array | undefined {
    const row = this.#rowOf[window * this.slots + slot] ?? -1;
    return row < 0 ? undefined : this.#embeddings.row(row);
  }
}

/** Number of frames in which a slot's activity is above a threshold. @param activity `[frames, slots]`. */
export function activeFrames(activity: Float32Array, slots: number, slot: number, above: number): number {
  let active = 0;
  for (let i = slot; i < activity.length; i += slots) if (activity[i]! > above) active++;
  return active;
}
