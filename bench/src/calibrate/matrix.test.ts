import { describe, expect, it } from 'vitest';
import { seededRandom } from '../stats/random.ts';
import { cholesky, solveLower, solveUpper, symmetricEigen, transpose } from './matrix.ts';

const random = seededRandom(11);

function positive(n: number): Float64Array {
  const x = Float64Array.from({ length: n * n }, () => random() - 0.5);
  const a = product(x, transpose(x, n), n);
  for (let i = 0; i < n; i++) a[i * n + i] = (a[i * n + i] ?? 0) + 0.1;
  return a;
}

function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const c = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++) c[i * n + j] = (c[i * n + j] ?? 0) + (a[i * n + k] ?? 0) * (b[k * n + j] ?? 0);
  return c;
}

function expectClose(a: Float64Array, b: Float64Array): void {
  expect(a.length).toBe(b.length);
  a.forEach((x, i) => {
    expect(Math.abs(x - (b[i] ?? Number.NaN))).toBeLessThan(1e-9);
  });
}

describe('matrices', () => {
  it.each([1, 2, 5, 24])('factor, solve and diagonalise, n = %i', (n) => {
    const a = positive(n);
    const l = cholesky(a, n);
    expectClose(product(l, transpose(l, n), n), a);
    const x = a.slice();
    solveLower(l, x, n, n);
    solveUpper(l, x, n, n);
    const identity = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
    expectClose(x, identity);
    const { values, vectors } = symmetricEigen(a, n);
    expect([...values]).toEqual([...values].sort((p, q) => q - p));
    expectClose(product(transpose(vectors, n), vectors, n), identity);
    const scaled = vectors.map((v, i) => v * (values[i % n] ?? 0));
    expectClose(product(scaled, transpose(vectors, n), n), a);
  });

  it('refuses what is not positive definite', () => {
    expect(() => cholesky(Float64Array.of(1, 2, 2, 1), 2)).toThrow(RangeError);
  });
});
