import type { LocalRecording } from './local-speakers.ts';
import type { Piece, VoicedPiece } from './pieces.ts';
import { RowStore } from './row-store.ts';
import { accumulate } from './vectors.ts';

/** Steps of a stored probability. */
const PROBABILITIES = 255;

interface Shape {
  readonly frames: number;
  readonly slots: number;
  readonly dimensions: number;
  /** Frame at which a window begins. */
  readonly startOf: (window: number) => number;
}

/**
 * What a segmentation network said of a recording, in a byte a number, with the voices of pieces of clean speech. A local
 * speaker's voice is the mean of the pieces that it speaks, weighted by how much of each it speaks alone.
 */
export class SegmentedRecording implements LocalRecording {
  readonly frames: number;
  readonly slots: number;
  readonly dimensions: number;
  readonly hop: number;
  readonly startOf: (window: number) => number;
  readonly #activity: RowStore<Uint8Array>;
  readonly #levels: RowStore<Uint8Array>;
  /** `[windows × slots]`: whether it is a local speaker. */
  readonly #speaks: boolean[] = [];
  readonly #least: number;
  #pieces: readonly VoicedPiece[] = [];
  /** Of each local speaker: indices of pieces, and the frames that it speaks of each. */
  #parts: { readonly piece: number; frames: number }[][] = [];
  #mean: Float32Array;

  /** @param least Frames that a slot must speak to be a local speaker. */
  constructor(shape: Shape, least: number) {
    this.frames = shape.frames;
    this.slots = shape.slots;
    this.dimensions = shape.dimensions;
    this.startOf = shape.startOf;
    this.hop = shape.startOf(1);
    this.#activity = new RowStore(shape.frames * shape.slots, (length) => new Uint8Array(length));
    this.#levels = new RowStore(shape.frames * 2, (length) => new Uint8Array(length));
    this.#least = least;
    this.#mean = new Float32Array(shape.dimensions);
  }

  get windows(): number {
    return this.#activity.rows;
  }

  get pieces(): readonly VoicedPiece[] {
    return this.#pieces;
  }

  step(window: number): number {
    return window > 0 ? this.startOf(window) - this.startOf(window - 1) : this.hop;
  }

  /** The next window. @param activity `[frames, slots]` probabilities. @param levels `[frames, 2]`, see `levels`. */
  add(activity: Float32Array, levels: Float32Array): void {
    this.#levels.push(levels.map((p) => Math.round(p * PROBABILITIES)));
    this.#activity.push(activity.map((p) => Math.round(p * PROBABILITIES)));
    for (let slot = 0; slot < this.slots; slot++) {
      let spoken = 0;
      for (let i = slot; i < activity.length; i += this.slots) if (activity[i]! > 0.5) spoken++;
      this.#speaks.push(spoken >= this.#least);
    }
  }

  /** The voices, once all windows are there. */
  hear(pieces: readonly VoicedPiece[]): void {
    this.#pieces = pieces;
    this.#parts = this.#speaks.map(() => []);
    const mean = new Float32Array(this.dimensions);
    const frames = pieces.reduce((sum, piece) => sum + piece.frames, 0);
    pieces.forEach((piece, index) => {
      accumulate(mean, piece.voice, piece.frames / frames);
      this.#share(piece, index);
    });
    this.#mean = mean;
  }

  activity(window: number): Float32Array {
    return shares(this.#activity.row(window));
  }

  /**
   * `[frames, 2]` of one window: the probabilities that one speaker at least and that two at least are active. So many are on,
   * and not all whose own activity is high enough.
   */
  levels(window: number): Float32Array {
    return shares(this.#levels.row(window));
  }

  embedding(window: number, slot: number): Float32Array | undefined {
    const at = window * this.slots + slot;
    if (!this.#speaks[at]) return undefined;
    const parts = this.#parts[at] ?? [];
    // Somebody who only speaks together with others: nothing is known of the voice.
    if (parts.length === 0) return this.#mean;
    const sum = new Float32Array(this.dimensions);
    let frames = 0;
    for (const part of parts) frames += part.frames;
    for (const part of parts) accumulate(sum, this.#pieces[part.piece]!.voice, part.frames / frames);
    return sum;
  }

  /** Who speaks a piece in each window that hears it. */
  #share(piece: Piece, index: number): void {
    const first = piece.ranges[0]!;
    const end = piece.ranges[piece.ranges.length - 1]!;
    let window = Math.max(0, Math.floor((first - this.frames) / Math.max(1, this.hop)) - 1);
    for (; window < this.windows && this.startOf(window) < end; window++) {
      const start = this.startOf(window);
      if (start + this.frames <= first) continue;
      const row = this.#activity.row(window);
      for (let slot = 0; slot < this.slots; slot++) {
        if (!this.#speaks[window * this.slots + slot]) continue;
        let frames = 0;
        for (let i = 0; i < piece.ranges.length; i += 2) {
          const to = Math.min(this.frames, piece.ranges[i + 1]! - start);
          for (let t = Math.max(0, piece.ranges[i]! - start); t < to; t++) {
            if (row[t * this.slots + slot]! > PROBABILITIES / 2) frames++;
          }
        }
        if (frames > 0) this.#parts[window * this.slots + slot]?.push({ piece: index, frames });
      }
    }
  }
}

/** By a loop: `Float32Array.from` with a function takes twenty times as long, most of the clustering of hours. */
function shares(bytes: Uint8Array): Float32Array {
  const probabilities = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) probabilities[i] = (bytes[i] as number) / PROBABILITIES;
  return probabilities;
}
