import { type Keep, LocalSpeakers, type Shape } from '../stages/local-speakers.ts';

/** Maximum number of kept windows, 0.4 kB each: four hours with a step of half a second. */
const MOST_WINDOWS = 30_000;

/**
 * The network outputs of a session, so that it can be clustered like a recording at its end. When it is full, every
 * other window is dropped; once the remaining windows hardly overlap any more, the first half of the session is dropped
 * instead.
 */
export class SessionRecord {
  readonly #most: number;
  #start = 0;
  #local: LocalSpeakers;

  /** @param shape See `LocalSpeakers`, as `keep`; `hop`: frames between incoming windows. */
  constructor(shape: Shape, keep: Keep, most = MOST_WINDOWS) {
    this.#local = new LocalSpeakers(shape, keep);
    this.#most = most;
  }

  /** The kept windows. */
  get local(): LocalSpeakers {
    return this.#local;
  }

  /** First frame of the first kept window, in the session. */
  get start(): number {
    return this.#start;
  }

  /**
   * Adds the next window. Windows come every `hop` frames; those that do not begin at a multiple of two or four hops
   * may be missing. Windows that begin before the session are not kept.
   * @param start First frame. @param activity `[frames, slots]`. @param embeddings `[slots, dimensions]`, unit length.
   */
  add(start: number, activity: Float32Array, embeddings: Float32Array): void {
    const at = start - this.#start;
    // Some windows are missing: double the hop, which drops the others in between.
    while (at > this.#local.windows * this.#local.hop) this.#thin(true);
    if (at < 0 || at % this.#local.hop !== 0) return;
    this.#local.add(activity, embeddings);
    if (this.#local.windows >= this.#most) this.#thin(this.#local.hop * 2 <= this.#local.frames / 2);
  }

  /** Drops half of the windows. @param apart Keeps every other window instead of the second half. */
  #thin(apart: boolean): void {
    const { windows, hop } = this.#local;
    // A multiple of four, since the windows at multiples of four are never skipped.
    const first = apart ? 0 : (windows >> 3) << 2;
    this.#start += first * hop;
    this.#local = this.#local.thinned(first, apart ? 2 : 1);
  }
}
