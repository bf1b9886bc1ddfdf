import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordingOffset } from './recording-offset.ts';

const between = Float32Array.of(4, 2, 1, 1);
/** Two directions: the first axis, and the diagonal of the second and third. */
const directions = Float32Array.of(1, 0, 0, 0, 0, Math.SQRT1_2, Math.SQRT1_2, 0);
const offsetOf = (voices: readonly number[][], variance = 1) => [
  ...recordingOffset(
    voices.map((voice) => Float32Array.from(voice)),
    between,
    { directions, variance },
  ),
];

describe('the offset of a recording', () => {
  it('is nothing without speakers or variance', () => {
    expect(offsetOf([])).toEqual([0, 0, 0, 0]);
    expect(offsetOf([[3, 3, 3, 3]], 0)).toEqual([0, 0, 0, 0]);
  });

  it('is the posterior mean along each direction', () => {
    // Along the first: mean 3 of two speakers, whose mean varies by 4 / 2; along the diagonal by (2 + 1) / 2 / 2.
    const [first, second, third, fourth] = offsetOf([
      [2, 1, 1, 9],
      [4, 1, 1, -9],
    ]);
    expect(first).toBeCloseTo(3 / (1 + 2), 6);
    expect(second).toBeCloseTo(1 / (1 + 0.75), 6);
    expect(third).toBeCloseTo(1 / (1 + 0.75), 6);
    expect(fourth).toBe(0);
  });

  it('approaches what all have in common with the number of speakers, and never exceeds it', () => {
    fc.assert(
      fc.property(fc.double({ min: -9, max: 9, noNaN: true }), fc.integer({ min: 1, max: 40 }), (x, speakers) => {
        const some = offsetOf(Array.from({ length: speakers }, () => [x, 0, 0, 0]))[0]!;
        const more = offsetOf(Array.from({ length: speakers + 1 }, () => [x, 0, 0, 0]))[0]!;
        expect(Math.abs(some)).toBeLessThanOrEqual(Math.abs(more) + 1e-6);
        expect(Math.abs(more)).toBeLessThanOrEqual(Math.abs(x) + 1e-6);
      }),
      { seed: 65 },
    );
  });
});
