/**
 * Quieter samples count as silence: −360 dB, below anything that a converter or a 32-bit integer can tell from zero.
 * Their squares would be denormal numbers (below 1.2e-38), with which processors compute up to forty times slower:
 * each fade-out of a float recording ends in some. The bound leaves squares with weights of 0.01 normal.
 */
export const TINY = 1e-18;

/** Sets samples quieter than `TINY` to zero, in place; gives the same array. */
export function flushDenormals<Samples extends Float32Array>(samples: Samples): Samples {
  for (let i = 0; i < samples.length; i++) {
    if (Math.abs(samples[i]!) < TINY) samples[i] = 0;
  }
  return samples;
}
