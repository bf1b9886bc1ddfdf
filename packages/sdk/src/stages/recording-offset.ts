import { accumulate, dot } from './vectors.ts';

/** How recordings differ in the voice space, whoever speaks in them: by microphone, codec, room. */
export interface OffsetRules {
  /** `[k, to]`, orthonormal: the directions in which kinds of recordings differ. */
  readonly directions: Float32Array;
  /** Variance of a recording's offset along each of them, in units of the variance within one voice. */
  readonly variance: number;
}

/**
 * Estimates what all voices of a recording have in common, `[to]`. Without it, similarity to the recording counts as
 * similarity of voices, and people whom the same microphone hears are merged. Posterior mean along each direction: the
 * mean of K speakers is the offset (variance `variance`) plus the mean of their voices (variance `between` / K), so that
 * two speakers count for less than ten.
 * @param voices `[K][to]`: mean of each speaker. @param between Variance between speakers, `[to]`.
 */
export function recordingOffset(
  voices: readonly Float32Array[],
  between: Float32Array,
  { directions, variance }: OffsetRules,
): Float32Array {
  const to = between.length;
  const offset = new Float32Array(to);
  if (voices.length === 0 || variance === 0) return offset;
  const mean = new Float32Array(to);
  for (const voice of voices) accumulate(mean, voice, 1 / voices.length);
  for (let row = 0; row < directions.length; row += to) {
    const direction = directions.subarray(row, row + to);
    const spread = direction.reduce((sum, x, d) => sum + x * x * between[d]!, 0) / voices.length;
    accumulate(offset, direction, (dot(direction, mean) * variance) / (variance + spread));
  }
  return offset;
}
