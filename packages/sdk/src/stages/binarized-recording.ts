import type { LocalRecording } from './local-speakers.ts';
import { RowStore } from './row-store.ts';

/**
 * The decisions of a segmentation network for each window of a recording, and the embedding of each local speaker. A
 * local speaker's row is `window × slots + slot`.
 */
export interface BinarizedWindows {
  readonly windows: number;
  /** Frames per window, and local speakers per window. */
  readonly frames: number;
  readonly slots: number;
  /** Frame at which a window begins. */
  startOf(window: number): number;
  /** `[frames, slots]` of one window, 0 or 1: a view. */
  active(window: number): Uint8Array;
  /** Embedding of a row, `[dimensions]`; also defined for silent rows. */
  voice(row: number): Float32Array;
}

/** Number of frames in which each local speaker speaks, by row: alone, and in total. */
export function spokenFrames(recording: BinarizedWindows): { readonly alone: Uint32Array; readonly all: Uint32Array } {
  const { windows, frames, slots } = recording;
  const alone = new Uint32Array(windows * slots);
  const all = new Uint32Array(windows * slots);
  for (let window = 0; window < windows; window++) {
    const active = recording.active(window);
    for (let frame = 0; frame < frames; frame++) {
      let count = 0;
      for (let slot = 0; slot < slots; slot++) count += active[frame * slots + slot]!;
      if (count === 0) continue;
      for (let slot = 0; slot < slots; slot++) {
        if (!active[frame * slots + slot]) continue;
        const row = window * slots + slot;
        all[row]! += 1;
        if (count === 1) alone[row]! += 1;
      }
    }
  }
  return { alone, all };
}

type Shape = Pick<LocalRecording, 'frames' | 'slots' | 'dimensions' | 'startOf'>;

/** Stores windows as they arrive (one byte per frame and slot), with the embeddings of active local speakers. */
export class BinarizedRecording implements BinarizedWindows {
  readonly frames: number;
  readonly slots: number;
  readonly dimensions: number;
  readonly startOf: (window: number) => number;
  /** Embeddings by row: window × slots + slot. */
  readonly voices: Map<number, Float32Array> = new Map();
  readonly #active: RowStore<Uint8Array>;
  readonly #nothing: Float32Array;

  constructor({ frames, slots, dimensions, startOf }: Shape) {
    this.frames = frames;
    this.slots = slots;
    this.dimensions = dimensions;
    this.startOf = startOf;
    this.#active = new RowStore(frames * slots, Uint8Array);
    this.#nothing = new Float32Array(dimensions);
  }

  get windows(): number {
    return this.#active.rows;
  }

  /** Adds the next window. @param active `[frames, slots]`, 0 or 1. */
  add(active: Uint8Array): void {
    this.#active.push(active);
  }

  active(window: number): Uint8Array {
    return this.#active.row(window);
  }

  voice(row: number): Float32Array {
    return this.voices.get(row) ?? this.#nothing;
  }

  /** `[frames, slots]`. */
  activity(window: number): Float32Array {
    return new Float32Array(this.active(window));
  }

  /** The network's embedding of a slot; undefined for a silent one. */
  embedding(window: number, slot: number): Float32Array | undefined {
    return this.voices.get(window * this.slots + slot);
  }
}
