/** Inner product of two vectors. */
export function dot(x: Float32Array, y: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** Scales a vector to unit length in place (a zero vector stays unchanged), and returns it. */
export function normalize(x: Float32Array): Float32Array {
  const length = Math.sqrt(dot(x, x));
  if (length > 0) for (let i = 0; i < x.length; i++) x[i]! /= length;
  return x;
}

/** `sum += weight × x`, in place. */
export function accumulate(sum: Float32Array, x: Float32Array, weight: number): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += weight * x[i]!;
}
