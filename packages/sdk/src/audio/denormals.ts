/**
 * Quieter samples are set to zero: −360 dB, below the resolution of any converter or 32-bit integer. Their squares
 * would be denormal numbers (below 1.2e-38), which processors handle up to forty times slower; fade-outs of float
 * recordings end in such samples. With this bound, even squares with weights of 0.01 stay normal.
 */
export const TINY = 1e-18;

/** Sets samples quieter than `TINY` to zero, in place, and returns the same array. */
export function flushDenormals<Samples extends Float32Array>(samples: Samples): Samples {
  for (let i = 0; i < samples.length; i++) {
    if (Math.abs(samples[i]!) < TINY) samples[i] = 0;
  }
  return samples;
}
