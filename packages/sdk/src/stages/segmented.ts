import { activeFrames, type LocalRecording } from './local-speakers.ts';
import type { Piece, VoicedPiece } from './pieces.ts';
import { ProbabilityStore } from './row-store.ts';
import { accumulate } from './vectors.ts';

type Shape = Pick<LocalRecording, 'frames' | 'slots' | 'dimensions' | 'startOf'>;

/**
 * Outputs of a segmentation network for a recording (one byte per number), with the embeddings of pieces of clean
 * speech. A local speaker's embedding is the mean over the pieces that it speaks, weighted by the frames that it speaks
 * in each.
 */
export class SegmentedRecording implements LocalRecording {
  readonly frames: number;
  readonly slots: number;
  readonly dimensions: number;
  readonly hop: number;
  readonly startOf: (window: number) => number;
  readonly #activity: ProbabilityStore;
  readonly #levels: ProbabilityStore;
  /** `[windows × slots]`: whether the slot speaks enough to be a local speaker. */
  readonly #speaks: boolean[] = [];
  readonly #least: number;
  #pieces: readonly VoicedPiece[] = [];
  /** For each slot: indices of pieces, and the frames that it speaks in each. */
  #parts: { readonly piece: number; frames: number }[][] = [];
  #mean: Float32Array;

  /** @param least Minimum frames that a slot must speak to be a local speaker. */
  constructor(shape: Shape, least: number) {
    this.frames = shape.frames;
    this.slots = shape.slots;
    this.dimensions = shape.dimensions;
    this.startOf = shape.startOf;
    this.hop = shape.startOf(1);
    this.#activity = new ProbabilityStore(shape.frames * shape.slots);
    this.#levels = new ProbabilityStore(shape.frames * 2);
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

  /** Adds the next window. @param activity `[frames, slots]`, probabilities. @param levels See `levels`. */
  add(activity: Float32Array, levels: Float32Array): void {
    this.#levels.push(levels);
    this.#activity.push(activity);
    for (let slot = 0; slot < this.slots; slot++) {
      this.#speaks.push(activeFrames(activity, this.slots, slot, 0.5) >= this.#least);
    }
  }

  /** Sets the pieces, after all windows were added. */
  setPieces(pieces: readonly VoicedPiece[]): void {
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
    return this.#activity.row(window);
  }

  /**
   * `[frames, 2]` of one window: the probabilities that at least one and at least two speakers are active. They decide
   * how many speakers are active, instead of a threshold on each speaker's activity.
   */
  levels(window: number): Float32Array {
    return this.#levels.row(window);
  }

  embedding(window: number, slot: number): Float32Array | undefined {
    const at = window * this.slots + slot;
    if (!this.#speaks[at]) return undefined;
    const parts = this.#parts[at] ?? [];
    // A speaker who only speaks in overlap: its voice is unknown.
    if (parts.length === 0) return this.#mean;
    const sum = new Float32Array(this.dimensions);
    let frames = 0;
    for (const part of parts) frames += part.frames;
    for (const part of parts) accumulate(sum, this.#pieces[part.piece]!.voice, part.frames / frames);
    return sum;
  }

  /** Finds who speaks a piece, in each window that overlaps it. */
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
            if (row[t * this.slots + slot]! > 0.5) frames++;
          }
        }
        if (frames > 0) this.#parts[window * this.slots + slot]?.push({ piece: index, frames });
      }
    }
  }
}
