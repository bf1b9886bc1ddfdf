/**
 * Power spectrum of real numbers, from a complex FFT of half the size (radix 4, in place).
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
    // Butterflies need the angles up to 3/4 of a turn.
    this.#cos = Float64Array.from({ length: (3 * size) / 4 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.#sin = Float64Array.from({ length: (3 * size) / 4 }, (_, k) => Math.sin((2 * Math.PI * k) / size));
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
    let length = 1;
    if (Math.log2(half) % 2 === 1) {
      length = 2;
      this.#pairs();
    }
    while (length < half) {
      length *= 4;
      this.#butterflies(length);
    }
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

  /** Transforms of two neighbors. */
  #pairs(): void {
    for (const x of [this.#re, this.#im]) {
      for (let at = 0; at < x.length; at += 2) {
        const [a, b] = [x[at]!, x[at + 1]!];
        x[at] = a + b;
        x[at + 1] = a - b;
      }
    }
  }

  /** Combines four neighboring transforms to one of this length. In bit-reversed order, the second comes third. */
  #butterflies(length: number): void {
    const re = this.#re;
    const im = this.#im;
    const cos = this.#cos;
    const sin = this.#sin;
    const stride = this.size / length;
    const quarter = length / 4;
    for (let k = 0; k < quarter; k++) {
      const c1 = cos[k * stride]!;
      const s1 = sin[k * stride]!;
      const c2 = cos[2 * k * stride]!;
      const s2 = sin[2 * k * stride]!;
      const c3 = cos[3 * k * stride]!;
      const s3 = sin[3 * k * stride]!;
      for (let a = k; a < this.#half; a += length) {
        const b = a + quarter;
        const c = b + quarter;
        const d = c + quarter;
        const bRe = re[b]! * c2 + im[b]! * s2;
        const bIm = im[b]! * c2 - re[b]! * s2;
        const cRe = re[c]! * c1 + im[c]! * s1;
        const cIm = im[c]! * c1 - re[c]! * s1;
        const dRe = re[d]! * c3 + im[d]! * s3;
        const dIm = im[d]! * c3 - re[d]! * s3;
        const sumRe = re[a]! + bRe;
        const sumIm = im[a]! + bIm;
        const differenceRe = re[a]! - bRe;
        const differenceIm = im[a]! - bIm;
        re[a] = sumRe + cRe + dRe;
        im[a] = sumIm + cIm + dIm;
        re[b] = differenceRe + cIm - dIm;
        im[b] = differenceIm - cRe + dRe;
        re[c] = sumRe - cRe - dRe;
        im[c] = sumIm - cIm - dIm;
        re[d] = differenceRe - cIm + dIm;
        im[d] = differenceIm + cRe - dRe;
      }
    }
  }
}
