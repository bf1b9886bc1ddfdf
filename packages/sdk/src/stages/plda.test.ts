import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evidence, logLikelihood, project, speakerModel } from './plda.ts';

/** ∫ N(y; 0, φ) Π N(x_i; y, 1) dy over Π ∫ …: one dimension, by the trapezoid rule; and Π N(x_i; 0, 1) taken off. */
function integrated(phi: number, xs: readonly number[]): number {
  const normal = (x: number, variance: number) =>
    Math.exp((-x * x) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
  let sum = 0;
  const step = 0.005;
  for (let y = -40; y <= 40; y += step) {
    sum += step * normal(y, phi) * xs.reduce((product, x) => (product * normal(x - y, 1)) / normal(x, 1), 1);
  }
  return Math.log(sum);
}

const f32 = (...xs: number[]) => Float32Array.from(xs);
const small = fc.double({ min: -3, max: 3, noNaN: true });

describe('voice space', () => {
  it('projects the difference from the mean', () => {
    const space = { from: 3, to: 2, mean: f32(1, 0, -1), projection: f32(1, 3, 5, 2, 4, 6), between: f32(1, 1) };
    const out = new Float32Array(2);
    project(space, f32(2, 1, 1), out);
    expect([...out]).toEqual([1 + 3 + 10, 2 + 4 + 12]);
  });

  it('computes the same evidence as integration over the speaker', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.2, max: 8, noNaN: true }),
        fc.array(small, { minLength: 1, maxLength: 5 }),
        (phi, xs) => {
          const sum = xs.reduce((total, x) => total + x, 0);
          const computed = evidence(f32(phi), xs.length, f32(sum));
          expect(computed).toBeCloseTo(integrated(phi, xs), 3);
        },
      ),
      { seed: 5, numRuns: 40 },
    );
  });

  it('sums the evidence over any number of dimensions', () => {
    const between = Float32Array.from({ length: 70 }, (_, j) => 0.1 + j / 10);
    const sum = Float32Array.from({ length: 70 }, (_, j) => Math.sin(j) * 5);
    const single = [...between].map((phi, j) => evidence(f32(phi), 3.5, f32(sum[j] as number)));
    const half = sum.map((x) => x / 2);
    expect(evidence(between, 3.5, half, half)).toBeCloseTo(
      single.reduce((a, b) => a + b, 0),
      3,
    );
  });

  it('reduces the variance of a speaker with the amount of speech', () => {
    const between = f32(4, 1);
    const [unknown, known] = [speakerModel(between, 0, f32(0, 0)), speakerModel(between, 1000, f32(2000, -1000))];
    expect([...unknown.mean, ...unknown.variance]).toEqual([0, 0, 4, 1]);
    expect(known.mean[0]).toBeCloseTo(2, 2);
    expect(known.mean[1]).toBeCloseTo(-1, 2);
    expect(known.variance[0]).toBeLessThan(0.01);
    // −½ Σ (y²/(1+v) + ln(1+v))
    expect(logLikelihood(unknown, f32(1, 2))).toBeCloseTo(-(1 / 5 + Math.log(5) + 4 / 2 + Math.log(2)) / 2, 6);
    expect(logLikelihood(known, f32(2, -1))).toBeGreaterThan(logLikelihood(known, f32(-2, 1)));
  });
});
