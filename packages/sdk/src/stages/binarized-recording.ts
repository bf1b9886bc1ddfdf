import type { BinarizedWindows } from './binarized-windows.ts';
import type { LocalRecording } from './local-speakers.ts';
import { RowStore } from './row-store.ts';

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
    this.#active = new RowStore(frames * slots, (length) => new Uint8Array(length));
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
