/**
 * A voice space: model of how embeddings vary, learned from labeled speech (probabilistic linear discriminant analysis
 * with two covariances). After `projection × (x − mean)`, the covariance within one voice is I, and the covariance
 * between voices is the diagonal `between`. So likelihoods can be used instead of distances and thresholds.
 * S. Ioffe, Probabilistic Linear Discriminant Analysis, ECCV 2006; two-covariance form as in VBx (Landini et al. 2022).
 */
export interface VoiceSpace {
  /** Length of an embedding, and dimensions of this space. */
  readonly from: number;
  readonly to: number;
  /** `[from]`. */
  readonly mean: Float32Array;
  /** `[to, from]`. */
  readonly projection: Float32Array;
  /** `[to]`, > 0: variance between speakers in units of the variance within one. */
  readonly between: Float32Array;
}

/** What it takes to compare vectors that are in the space. */
export type Variances = Pick<VoiceSpace, 'to' | 'between'>;

/** Buffer for `x − mean`, reused so that nothing is allocated for each slot. */
let centered = new Float64Array(0);

/** Writes `projection × (x − mean)` to `out` (`[to]`). */
export function project({ from, to, mean, projection }: VoiceSpace, x: Float32Array, out: Float32Array): void {
  if (centered.length !== from) centered = new Float64Array(from);
  const c = centered;
  for (let i = 0; i < from; i++) c[i] = x[i]! - mean[i]!;
  const whole = from - (from % 4);
  for (let j = 0; j < to; j++) {
    const row = j * from;
    let a = 0;
    let b = 0;
    let d = 0;
    let e = 0;
    // Four independent sums, so that additions need not wait for each other: most of clustering's time is spent here.
    for (let i = 0; i < whole; i += 4) {
      a += c[i]! * projection[row + i]!;
      b += c[i + 1]! * projection[row + i + 1]!;
      d += c[i + 2]! * projection[row + i + 2]!;
      e += c[i + 3]! * projection[row + i + 3]!;
    }
    for (let i = whole; i < from; i++) a += c[i]! * projection[row + i]!;
    out[j] = a + b + (d + e);
  }
}

/** Products of more factors than this may overflow a double. */
const FACTORS = 24;

/**
 * Log evidence that observations belong to one speaker, against each being from a different one: with `n` observations
 * of sum `a + b`, Σ ½ (φ (a+b)² / (1 + nφ) − ln(1 + nφ)). Takes two sums, to evaluate merges without allocating; `n`
 * need not be an integer.
 */
export function evidence(between: Float32Array, n: number, a: Float32Array, b?: Float32Array): number {
  let sum = 0;
  let product = 1;
  for (let j = 0; j < between.length; j++) {
    const phi = between[j]!;
    const q = 1 + n * phi;
    const y = a[j]! + (b ? b[j]! : 0);
    sum += (phi * y * y) / q;
    product *= q;
    if ((j + 1) % FACTORS === 0) {
      sum -= Math.log(product);
      product = 1;
    }
  }
  return (sum - Math.log(product)) / 2;
}

/** Posterior of a speaker's voice after some observations: mean and variance, `[to]`. */
export interface SpeakerModel {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** Computes the posterior of a speaker's voice from observations of total weight `n` and sum `sum`. */
export function speakerModel(between: Float32Array, n: number, sum: Float32Array): SpeakerModel {
  const mean = new Float32Array(between.length);
  const variance = new Float32Array(between.length);
  between.forEach((phi, j) => {
    mean[j] = (phi * sum[j]!) / (1 + n * phi);
    variance[j] = phi / (1 + n * phi);
  });
  return { mean, variance };
}

/** Log likelihood of a vector under a speaker's model, up to a constant that is the same for all speakers. */
export function logLikelihood(model: SpeakerModel, voice: Float32Array): number {
  let sum = 0;
  let product = 1;
  for (let j = 0; j < voice.length; j++) {
    const q = 1 + model.variance[j]!;
    const y = voice[j]! - model.mean[j]!;
    sum += (y * y) / q;
    product *= q;
    if ((j + 1) % FACTORS === 0) {
      sum += Math.log(product);
      product = 1;
    }
  }
  return -(sum + Math.log(product)) / 2;
}
