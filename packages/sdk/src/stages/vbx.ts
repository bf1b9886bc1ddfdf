import { type Steps, Work } from './steps.ts';

/**
 * The voice space of pyannote's community-1: x-vectors are centered, scaled, reduced by linear discriminant analysis
 * and whitened, so that the covariance within one speaker is I and the covariance between speakers is the diagonal
 * `between`.
 */
export interface XVectorSpace {
  /** Length of an embedding, and dimensions of this space. */
  readonly from: number;
  readonly to: number;
  /** `[from]`, `[to]`: subtracted before and after the reduction. */
  readonly before: Float64Array;
  readonly after: Float64Array;
  /** `[from, to]`. */
  readonly reduction: Float64Array;
  /** `[to]`: subtracted before whitening. */
  readonly mean: Float64Array;
  /** `[to, to]`; the largest variances first. */
  readonly whitening: Float64Array;
  /** `[to]`, in descending order. */
  readonly between: Float64Array;
}

/** Sorts `whitening` and `between`, which may come in any order, by descending variance. */
export function xVectorSpace(space: XVectorSpace): XVectorSpace {
  const { to, between, whitening } = space;
  const order = Array.from(between.keys()).sort((x, y) => between[y]! - between[x]!);
  const sorted = new Float64Array(to * to);
  order.forEach((from, row) => {
    sorted.set(whitening.subarray(from * to, (from + 1) * to), row * to);
  });
  return { ...space, whitening: sorted, between: Float64Array.from(order, (i) => between[i]!) };
}

/** Projects an embedding into the space. @returns `[to]`. */
export function toXVectorSpace(space: XVectorSpace, embedding: ArrayLike<number>): Float64Array {
  const { from, to } = space;
  const x = unitTimes(
    Float64Array.from({ length: from }, (_, i) => embedding[i]! - space.before[i]!),
    Math.sqrt(from),
  );
  const y = space.after.map((shift) => -shift);
  for (let i = 0; i < from; i++) {
    for (let j = 0; j < to; j++) y[j]! += x[i]! * space.reduction[i * to + j]!;
  }
  unitTimes(y, Math.sqrt(to));
  for (let j = 0; j < to; j++) y[j]! -= space.mean[j]!;
  const result = new Float64Array(to);
  for (let row = 0; row < to; row++) {
    let sum = 0;
    for (let j = 0; j < to; j++) sum += space.whitening[row * to + j]! * y[j]!;
    result[row] = sum;
  }
  return result;
}

function unitTimes(x: Float64Array, length: number): Float64Array {
  const own = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
  if (own > 0) for (let i = 0; i < x.length; i++) x[i] = (x[i]! * length) / own;
  return x;
}

export interface VbxRules {
  /** Factor on the evidence of the embeddings, which are not independent. */
  readonly fa: number;
  /** Speaker regularization: a larger value gives fewer speakers. */
  readonly fb: number;
  readonly iterations: number;
  /** Certainty of the initial clusters: logit of a point's own cluster in a softmax over all. */
  readonly smoothing: number;
}

export interface Vbx {
  readonly speakers: number;
  /** `[points, speakers]`. */
  readonly responsibilities: Float64Array;
  /** `[speakers]`. */
  readonly priors: Float64Array;
  /** Evidence lower bound after each iteration. */
  readonly bounds: readonly number[];
}

/** Iterations stop when the bound rises by less than this. */
const ENOUGH = 1e-4;
const LEAST_PRIOR = 1e-8;

/**
 * Bayesian clustering of voices (VBx without its hidden Markov chain): redundant speakers lose their prior.
 * F. Landini et al., Computer Speech & Language 71, 2022; formula numbers refer to that paper.
 * @param voices Rows in a space with covariance I within one voice. @param between `[to]`, > 0: variance between
 *   voices.
 * @param first Initial cluster of each voice: 0, 1, ….
 */
export function* vbx(
  voices: readonly Float64Array[],
  between: Float64Array,
  first: Int32Array,
  rules: VbxRules,
): Steps<Vbx> {
  const { fa, fb } = rules;
  const n = voices.length;
  const speakers = first.reduce((most, label) => Math.max(most, label + 1), 0);
  const gamma = firstResponsibilities(first, speakers, rules.smoothing);
  const priors = new Float64Array(speakers).fill(1 / speakers);
  const root = between.map((phi) => Math.sqrt(phi));
  const rho = voices.map((voice) => voice.map((x, d) => x * root[d]!));
  const constant = voices.map((voice) => {
    return -0.5 * (voice.reduce((sum, x) => sum + x * x, 0) + between.length * Math.log(2 * Math.PI));
  });
  const bounds: number[] = [];
  const row = new Float64Array(speakers);
  const work = new Work();
  for (let iteration = 0; iteration < rules.iterations; iteration++) {
    const models: Speaker[] = [];
    for (let s = 0; s < speakers; s++) {
      if (work.isDue(n * between.length)) yield;
      models.push(speakerOf(s, speakers, gamma, rho, between, fa / fb));
    }
    let bound = 0;
    for (const { alpha, variance } of models) {
      for (let d = 0; d < alpha.length; d++) {
        bound += fb * 0.5 * (Math.log(variance[d]!) - variance[d]! - alpha[d]! ** 2 + 1);
      }
    }
    const prior = priors.map((p) => Math.log(p + LEAST_PRIOR));
    priors.fill(0);
    for (let t = 0; t < n; t++) {
      if (work.isDue(speakers * between.length)) yield;
      for (let s = 0; s < speakers; s++) {
        const { alpha, penalty } = models[s]!;
        row[s] = fa * (inner(rho[t]!, alpha) - penalty + constant[t]!) + prior[s]!;
      }
      const all = logSumExp(row);
      bound += all;
      for (let s = 0; s < speakers; s++) {
        const own = Math.exp(row[s]! - all);
        gamma[t * speakers + s] = own;
        priors[s]! += own;
      }
    }
    const sum = priors.reduce((total, p) => total + p, 0);
    for (let s = 0; s < speakers; s++) priors[s]! /= sum;
    bounds.push(bound);
    if (iteration > 0 && bound - bounds[iteration - 1]! < ENOUGH) break;
  }
  return { speakers, responsibilities: gamma, priors, bounds };
}

interface Speaker {
  readonly alpha: Float64Array;
  readonly variance: Float64Array;
  /** ½ Σ (variance + α²) Φ. */
  readonly penalty: number;
}

/** Formulas (16) and (17) of the paper. */
function speakerOf(
  s: number,
  speakers: number,
  gamma: Float64Array,
  rho: readonly Float64Array[],
  between: Float64Array,
  ratio: number,
): Speaker {
  const alpha = new Float64Array(between.length);
  let count = 0;
  rho.forEach((row, t) => {
    const own = gamma[t * speakers + s]!;
    count += own;
    for (let d = 0; d < alpha.length; d++) alpha[d]! += own * row[d]!;
  });
  const variance = between.map((phi) => 1 / (1 + ratio * count * phi));
  let penalty = 0;
  for (let d = 0; d < alpha.length; d++) {
    alpha[d] = ratio * variance[d]! * alpha[d]!;
    penalty += 0.5 * (variance[d]! + alpha[d]! ** 2) * between[d]!;
  }
  return { alpha, variance, penalty };
}

function firstResponsibilities(labels: Int32Array, speakers: number, smoothing: number): Float64Array {
  const other = 1 / (Math.exp(smoothing) + speakers - 1);
  const gamma = new Float64Array(labels.length * speakers).fill(other);
  labels.forEach((label, t) => {
    gamma[t * speakers + label] = Math.exp(smoothing) * other;
  });
  return gamma;
}

function inner(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < x.length; d++) sum += x[d]! * y[d]!;
  return sum;
}

function logSumExp(row: Float64Array): number {
  const most = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return most + Math.log(row.reduce((sum, x) => sum + Math.exp(x - most), 0));
}
