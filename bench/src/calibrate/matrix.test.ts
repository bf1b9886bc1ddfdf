import { describe, expect, it } from 'vitest';
import { seededRandom } from 'voiceflow-ml/testing';
import { generalEigen, product, symmetricEigen, transpose } from './matrix.ts';

const random = seededRandom(11);

function positive(n: number): Float64Array {
  const x = Float64Array.from({ length: n * n }, () => random() - 0.5);
  const a = product(x, transpose(x, n), n);
  for (let i = 0; i < n; i++) a[i * n + i] = (a[i * n + i] ?? 0) + 0.1;
  return a;
}

function expectClose(a: Float64Array, b: Float64Array): void {
  expect(a.length).toBe(b.length);
  a.forEach((x, i) => {
    expect(Math.abs(x - (b[i] ?? Number.NaN))).toBeLessThan(1e-9);
  });
}

describe('matrices', () => {
  it.each([1, 2, 5, 24])('are diagonalized, alone and relative to another one, n = %i', (n) => {
    const a = positive(n);
    const identity = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
    const { values, vectors } = symmetricEigen(a, n);
    expect([...values]).toEqual([...values].sort((p, q) => q - p));
    expectClose(product(transpose(vectors, n), vectors, n), identity);
    const scaled = vectors.map((v, i) => v * (values[i % n] ?? 0));
    expectClose(product(scaled, transpose(vectors, n), n), a);
    const b = positive(n);
    const { values: lambda, vectors: x } = generalEigen(b, a, n);
    const within = (m: Float64Array) => product(product(transpose(x, n), m, n), x, n);
    expectClose(within(a), identity);
    expectClose(
      within(b),
      identity.map((one, i) => one * (lambda[i % n] ?? 0)),
    );
  });

  it('rejects a matrix that is not positive definite', () => {
    expect(() => generalEigen(Float64Array.of(1, 0, 0, 1), Float64Array.of(1, 2, 2, 1), 2)).toThrow(RangeError);
  });
});
