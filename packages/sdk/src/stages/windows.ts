/**
 * Cuts a stream of samples, in chunks of any size, into windows of `window` samples every `hop` samples. Holds less
 * than one window and one chunk.
 */
export class WindowCutter {
  readonly #window: number;
  readonly #hop: number;
  #kept: Float32Array;
  #filled = 0;
  #skip = 0;
  #samples = 0;
  #windows = 0;

  constructor(window: number, hop: number) {
    this.#window = window;
    this.#hop = hop;
    this.#kept = new Float32Array(window);
  }

  /** Samples seen so far. */
  get samples(): number {
    return this.#samples;
  }

  /** Windows output so far; window `i` starts at sample `i × hop`. */
  get windows(): number {
    return this.#windows;
  }

  /** Adds the next samples. @param take Gets each window that they complete; the view is valid during the call only. */
  push(samples: Float32Array, take: (window: Float32Array) => void): void {
    this.#samples += samples.length;
    let read = 0;
    while (read < samples.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, samples.length - read);
        this.#skip -= skipped;
        read += skipped;
        continue;
      }
      const count = Math.min(this.#window - this.#filled, samples.length - read);
      this.#kept.set(samples.subarray(read, read + count), this.#filled);
      this.#filled += count;
      read += count;
      if (this.#filled === this.#window) this.#emit(take);
    }
  }

  /** Ends the audio. If samples remain that no window contains, outputs a last window, padded with silence. */
  end(take: (window: Float32Array) => void): void {
    const covered = this.#windows === 0 ? 0 : (this.#windows - 1) * this.#hop + this.#window;
    if (this.#samples <= covered) return;
    this.#kept.fill(0, this.#filled);
    this.#windows++;
    take(this.#kept);
  }

  #emit(take: (window: Float32Array) => void): void {
    this.#windows++;
    take(this.#kept);
    const keep = Math.max(0, this.#window - this.#hop);
    this.#kept.copyWithin(0, this.#window - keep);
    this.#filled = keep;
    this.#skip = Math.max(0, this.#hop - this.#window);
  }
}
