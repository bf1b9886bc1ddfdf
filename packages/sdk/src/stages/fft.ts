/**
 * Power spectrum of real numbers, from a complex FFT of half the size (radix 2, in place).
 * Reuses its buffers: each caller needs its own instance.
 */
export class PowerSpectrum {
  readonly size: number;
  readonly #half: number;
  readonly #re: Float64Array;
  readonly #im: Float64Array;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #reversed: Uint16Array;

  /** @param size A power of two from 4 to 65,536. */
  constructor(size: number) {
    this.size = size;
    const half = size / 2;
    this.#half = half;
    this.#re = new Float64Array(half);
    this.#im = new Float64Array(half);
    this.#cos = Float64Array.from({ length: half }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.#sin = Float64Array.from({ length: half }, (_, k) => Math.sin((2 * Math.PI * k) / size));
    const bits = Math.log2(half);
    this.#reversed = Uint16Array.from({ length: half }, (_, i) => {
      let reversed = 0;
      for (let bit = 0; bit < bits; bit++) if (i & (1 << bit)) reversed |= 1 << (bits - 1 - bit);
      return reversed;
    });
  }

  /** @param samples `[size]`. @param power Gets `[size / 2]`: bins from 0 to below the Nyquist frequency. */
  transform(samples: Float64Array, power: Float64Array): void {
    const half = this.#half;
    const re = this.#re;
    const im = this.#im;
    for (let i = 0; i < half; i++) {
      const from = 2 * this.#reversed[i]!;
      re[i] = samples[from]!;
      im[i] = samples[from + 1]!;
    }
    for (let length = 2; length <= half; length *= 2) this.#butterflies(length);
    power[0] = (re[0]! + im[0]!) ** 2;
    for (let k = 1; k < half; k++) {
      const other = half - k;
      const evenRe = (re[k]! + re[other]!) / 2;
      const evenIm = (im[k]! - im[other]!) / 2;
      const oddRe = (im[k]! + im[other]!) / 2;
      const oddIm = (re[other]! - re[k]!) / 2;
      const c = this.#cos[k]!;
      const s = this.#sin[k]!;
      power[k] = (evenRe + c * oddRe + s * oddIm) ** 2 + (evenIm + c * oddIm - s * oddRe) ** 2;
    }
  }

  #butterflies(length: number): void {
    const re = this.#re;
    const im = this.#im;
    const stride = this.size / length;
    const middle = length / 2;
    for (let from = 0; from < this.#half; from += length) {
      for (let k = 0; k < middle; k++) {
        const c = this.#cos[k * stride]!;
        const s = this.#sin[k * stride]!;
        const a = from + k;
        const b = a + middle;
        const x = re[b]! * c + im[b]! * s;
        const y = im[b]! * c - re[b]! * s;
        re[b] = re[a]! - x;
        im[b] = im[a]! - y;
        re[a]! += x;
        im[a]! += y;
      }
    }
  }
}
