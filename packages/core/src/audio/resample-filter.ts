/** Share of the lower Nyquist frequency that passes unchanged; above it the filter falls, to its floor at Nyquist. */
const PASS = 0.9;
/** Stop band in dB; 2 dB below what is promised, because Kaiser's formula is an estimate. */
const ATTENUATION = 82;
/** Kaiser's window for that attenuation ("Nonrecursive digital filter design", 1974). */
const BETA = 0.1102 * (ATTENUATION - 8.7);

/** A continuous low-pass for resampling, in units of input samples. */
export interface Lowpass {
  /** Half the length of the filter, in input samples. */
  readonly halfWidth: number;
  /** Its value at `offset` input samples from the centre. */
  at(offset: number): number;
}

/** Kaiser-windowed sinc that passes 0.9 of the lower Nyquist frequency and stops at it. */
export function designLowpass(fromRate: number, toRate: number): Lowpass {
  const ratio = Math.min(1, toRate / fromRate);
  const transition = ((1 - PASS) / 2) * ratio;
  const cutoff = ((1 + PASS) / 2) * ratio;
  const halfWidth = (ATTENUATION - 7.95) / (14.36 * transition) / 2;
  const norm = 1 / bessel0(BETA);
  return {
    halfWidth,
    at(offset) {
      const share = offset / halfWidth;
      if (share <= -1 || share >= 1) return 0;
      const window = bessel0(BETA * Math.sqrt(1 - share * share)) * norm;
      const angle = Math.PI * cutoff * offset;
      return cutoff * window * (Math.abs(angle) < 1e-9 ? 1 : Math.sin(angle) / angle);
    },
  };
}

/** Modified Bessel function of the first kind, order 0, by its series. */
function bessel0(x: number): number {
  const quarter = (x * x) / 4;
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= quarter / (k * k);
    sum += term;
  }
  return sum;
}
