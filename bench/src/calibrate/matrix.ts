/** Operations on symmetric matrices `[n, n]`, row-major, float64, for computing the voice space. */

/** A · B. */
export function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const c = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const factor = a[i * n + k]!;
      for (let j = 0; j < n; j++) c[i * n + j]! += factor * b[k * n + j]!;
    }
  }
  return c;
}

/**
 * Solves B x = λ A x for a positive definite A. Returns λ, largest first, and the vectors as columns, with Xᵀ A X = 1.
 * @throws RangeError when A is not positive definite.
 */
export function generalEigen(
  b: Float64Array,
  a: Float64Array,
  n: number,
): { values: Float64Array; vectors: Float64Array } {
  const { values, vectors } = symmetricEigen(a, n);
  if (!(values[n - 1]! > 0)) throw new RangeError('the matrix is not positive definite');
  const half = vectors.map((x, i) => x / values[i % n]! ** 0.25);
  // A to the power of −½
  const whitening = product(half, transpose(half, n), n);
  const white = symmetricEigen(product(product(whitening, b, n), whitening, n), n);
  return { values: white.values, vectors: product(whitening, white.vectors, n) };
}

export function transpose(a: Float64Array, n: number): Float64Array {
  const t = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) t[j * n + i] = a[i * n + j]!;
  return t;
}

/** Limit of sweeps of Jacobi rotations. A few suffice normally. */
const MOST_SWEEPS = 30;

/**
 * Eigenvalues of a symmetric matrix, largest first, and eigenvectors as columns of `[n, n]`, by cyclic Jacobi rotations
 * (Golub and Van Loan, 8.5). The largest entry of each vector is made positive, so that the result is unique.
 */
export function symmetricEigen(matrix: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const a = matrix.slice();
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  const size = Math.sqrt(a.reduce((sum, x) => sum + x * x, 0));
  for (let sweep = 0; sweep < MOST_SWEEPS && offDiagonal(a, n) > 1e-12 * size; sweep++) {
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q);
  }
  return sorted(a, v, n);
}

function offDiagonal(a: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) sum += 2 * a[i * n + j]! ** 2;
  return Math.sqrt(sum);
}

/**
 * Makes `a[p, q]` zero. `v` is stored transposed (one eigenvector per row), so that the loop accesses memory
 * sequentially.
 */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]!;
  if (apq === 0) return;
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const x = a[k * n + p]!;
    const y = a[k * n + q]!;
    a[k * n + p] = c * x - s * y;
    a[k * n + q] = s * x + c * y;
  }
  turnRows(a, n, p, q, c, s);
  turnRows(v, n, p, q, c, s);
}

function turnRows(a: Float64Array, n: number, p: number, q: number, c: number, s: number): void {
  for (let k = 0; k < n; k++) {
    const x = a[p * n + k]!;
    const y = a[q * n + k]!;
    a[p * n + k] = c * x - s * y;
    a[q * n + k] = s * x + c * y;
  }
}

function sorted(a: Float64Array, v: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j]! - a[i * n + i]!);
  const vectors = new Float64Array(n * n);
  order.forEach((row, column) => {
    const vector = v.subarray(row * n, (row + 1) * n);
    const largest = vector.reduce((most, x) => (Math.abs(x) > Math.abs(most) ? x : most), 0);
    for (let i = 0; i < n; i++) vectors[i * n + column] = vector[i]! * (largest < 0 ? -1 : 1);
  });
  return { values: Float64Array.from(order, (i) => a[i * n + i]!), vectors };
}
