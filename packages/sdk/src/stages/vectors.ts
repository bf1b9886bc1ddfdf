/** Inner product of two rows. */
export function dot(x: Float32Array, y: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] as number) * (y[i] as number);
  return sum;
}

/** Scales to unit length in place (a zero vector stays), and gives it back. */
export function normalise(x: Float32Array): Float32Array {
  const length = Math.sqrt(dot(x, x));
  if (length > 0) for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) / length;
  return x;
}

/** `sum += weight × x`, in place. */
export function accumulate(sum: Float32Array, x: Float32Array, weight: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + weight * (x[i] as number);
}
