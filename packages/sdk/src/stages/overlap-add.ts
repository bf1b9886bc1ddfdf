export interface OverlapShape {
  readonly frames: number;
  readonly slots: number;
  readonly speakers: number;
  /** `[frames]`: weight of a window at each of its frames, > 0. */
  readonly weight: Float32Array;
}

/**
 * Combines the activity of overlapping windows into one score per speaker and frame, as the windows arrive: `add` a
 * window, then `take` the frames that no later window covers. Uses a ring buffer of one window, so memory does not grow
 * with the recording. A speaker's score at a frame is the weighted mean, over the windows that cover the frame, of the
 * activity of the slots assigned to that speaker (0 if a window has none).
 */
export class OverlapAdder {
  readonly #shape: OverlapShape;
  readonly #sum: Float32Array;
  readonly #total: Float32Array;
  readonly #row: Float32Array;
  #head = 0;

  constructor(shape: OverlapShape) {
    this.#shape = shape;
    this.#sum = new Float32Array(shape.frames * shape.speakers);
    this.#total = new Float32Array(shape.frames);
    this.#row = new Float32Array(shape.speakers);
  }

  /**
   * Adds a window, which begins at the next frame that was not taken.
   * @param activity `[frames, slots]`. @param speakerOf `[slots]`, −1 for a slot without a speaker.
   */
  add(activity: Float32Array, speakerOf: ArrayLike<number>): void {
    const { frames, slots, speakers, weight: weights } = this.#shape;
    for (let frame = 0; frame < frames; frame++) {
      const at = (this.#head + frame) % frames;
      const weight = weights[frame]!;
      this.#total[at]! += weight;
      for (let slot = 0; slot < slots; slot++) {
        const speaker = speakerOf[slot]!;
        if (speaker < 0) continue;
        this.#sum[at * speakers + speaker]! += weight * activity[frame * slots + slot]!;
      }
    }
  }

  /** Takes the next frame: `[speakers]` scores; the view is valid until the next call, and may be changed. */
  take(): Float32Array {
    const { frames, speakers } = this.#shape;
    const from = this.#head * speakers;
    const total = this.#total[this.#head]!;
    for (let k = 0; k < speakers; k++) {
      this.#row[k] = total > 0 ? this.#sum[from + k]! / total : 0;
      this.#sum[from + k] = 0;
    }
    this.#total[this.#head] = 0;
    this.#head = (this.#head + 1) % frames;
    return this.#row;
  }
}

/** Raised cosine plus a floor, `[frames]`: the network has more context in the middle of a window than at its edges. */
export function windowWeight(frames: number, floor: number): Float32Array {
  return Float32Array.from({ length: frames }, (_, i) => Math.sin((Math.PI * (i + 0.5)) / frames) ** 2 + floor);
}
