import type { AudioSource } from '../contract/audio.ts';
import { RowStore } from '../stages/row-store.ts';

/** Samples per block; each block has one scale. */
const BLOCK = 1024;
/** Largest stored value. */
const LARGEST = 32_767;

/**
 * The audio of a session, kept so that another diarizer can process it at the end. Stored with 16 bits per sample; each
 * block of 1,024 samples has its own scale, so that soft speech keeps its detail and loud speech is not clipped.
 */
export class KeptAudio {
  readonly #sampleRate: number;
  readonly #most: number;
  #blocks = new RowStore(BLOCK, Int16Array);
  #scales: number[] = [];
  /** Samples of the last, incomplete block. */
  readonly #rest = new Float32Array(BLOCK);
  #filled = 0;
  #length = 0;

  /** @param sampleRate Rate of the pushed samples. @param seconds Maximum length; if exceeded, nothing is kept. */
  constructor(sampleRate: number, seconds: number) {
    this.#sampleRate = sampleRate;
    this.#most = Math.round(sampleRate * seconds);
  }

  /** Whether all pushed samples are still kept. */
  get whole(): boolean {
    return this.#length <= this.#most;
  }

  get empty(): boolean {
    return this.#length === 0;
  }

  /** Adds samples (copied). Exceeding the maximum frees all of them, since part of a session is of no use. */
  push(samples: Float32Array): void {
    this.#length += samples.length;
    if (!this.whole) {
      this.#forget();
      return;
    }
    for (let at = 0; at < samples.length; ) {
      const part = samples.subarray(at, at + BLOCK - this.#filled);
      this.#rest.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === BLOCK) this.#store();
    }
  }

  /** Returns the kept audio as a source that can be read once. Nothing may be pushed while it is read. */
  source(): AudioSource {
    let next = 0;
    const read = async (): Promise<Float32Array | null> => {
      const index = next++;
      if (index < this.#scales.length) return this.#block(index);
      return index === this.#scales.length && this.#filled > 0 ? this.#rest.slice(0, this.#filled) : null;
    };
    return { sampleRate: this.#sampleRate, length: this.#length, read, close: async () => {}, warnings: [] };
  }

  #block(index: number): Float32Array {
    const scale = this.#scales[index]!;
    return Float32Array.from(this.#blocks.row(index), (value) => value * scale);
  }

  #store(): void {
    const scale = this.#rest.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / LARGEST || 1;
    this.#scales.push(scale);
    this.#blocks.push(this.#rest.map((x) => Math.round(x / scale)));
    this.#filled = 0;
  }

  #forget(): void {
    this.#blocks = new RowStore(BLOCK, Int16Array);
    this.#scales = [];
    this.#filled = 0;
  }
}
