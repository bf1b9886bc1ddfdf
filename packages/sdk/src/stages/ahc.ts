import { evidence } from './plda.ts';
import type { Steps } from './steps.ts';

/** Points to cluster, as weighted sums of observations; clusters have the same form. */
export interface Points {
  /** `[n]`: total weight of each point's observations, > 0. */
  readonly weight: Float64Array;
  /** `[n]` rows of `[dimensions]`: the weighted sum of each point's observations. */
  readonly sum: readonly Float32Array[];
}

/**
 * Equivalent number of independent observations of a weight: close to the weight if it is small, `saturation` at most.
 * Noise, room and mood do not average out however long somebody speaks; without this limit, the speakers of long
 * recordings are split.
 */
export function observations(weight: number, saturation: number): number {
  return weight / (1 + weight / saturation);
}

/** `n − 1` merges of `n` points: clusters `a[i]` and `b[i]` become cluster `n + i`. */
export interface Tree {
  readonly points: number;
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** Gain in log evidence of each merge, negative if two speakers are likelier than one. Not always decreasing. */
  readonly gain: Float64Array;
}

/**
 * Agglomerative clustering: repeatedly merges the two clusters that are likeliest to be one speaker (by the log
 * likelihood ratio of their observations in the voice space) until one cluster is left. O(n²) memory, O(n² d) time:
 * keep `n` to about a thousand. In steps of about a millisecond. Deterministic: ties go to the lower index.
 * @param apart Penalty (cannot-link) subtracted from the gain of merging two points, summed over the pairs of points of
 *   two clusters.
 * @param saturation Maximum number of observations that a cluster counts for.
 * @param scale Factor ≤ 1 on the weights in the gains of the returned tree. Merges are chosen by the full weights,
 *   since with weak evidence the largest cluster absorbs everything; but what the scaled weights show to be two speakers
 *   is merged last, since at full weights fragments of one long-speaking voice can differ as much as two voices.
 */
export function* agglomerateSteps(
  points: Points,
  between: Float32Array,
  apart?: (i: number, j: number) => number,
  saturation = Number.POSITIVE_INFINITY,
  scale = 1,
): Steps<Tree> {
  const n = points.weight.length;
  const state = new Merger(points, between, apart, saturation);
  yield* state.prepare(apart);
  const a = new Int32Array(Math.max(0, n - 1));
  const b = new Int32Array(Math.max(0, n - 1));
  const gain = new Float64Array(Math.max(0, n - 1));
  const name = Int32Array.from({ length: n }, (_, i) => i);
  for (let step = 0; step < n - 1; step++) {
    if (step % MERGES_PER_STEP === 0) yield;
    const [kept, removed, own] = yield* state.next(scale);
    const x = name[kept]!;
    const y = name[removed]!;
    a[step] = Math.min(x, y);
    b[step] = Math.max(x, y);
    gain[step] = own;
    state.merge(kept, removed);
    name[kept] = n + step;
  }
  return { points: n, a, b, gain };
}

/** About a millisecond of work for a thousand points. */
const ROWS_PER_STEP = 8;
const MERGES_PER_STEP = 4;
/** Subtracted from the gain of a pair to merge it last. */
const LAST = 1e6;

class Merger {
  readonly #n: number;
  readonly #between: Float32Array;
  readonly #saturation: number;
  readonly #weight: Float64Array;
  readonly #sum: Float32Array[];
  /** Equivalent number of observations of each cluster, and their sum. */
  readonly #count: Float64Array;
  readonly #known: Float32Array[];
  /** Log evidence of each cluster alone. */
  readonly #own: Float64Array;
  readonly #alive: Uint8Array;
  /** `[n, n]`: gains of merging, minus the cannot-link penalties. */
  readonly #gain: Float32Array;
  readonly #apart: Float32Array | undefined;
  /** Best partner of each remaining cluster. */
  readonly #partner: Int32Array;

  constructor(
    points: Points,
    between: Float32Array,
    apart: ((i: number, j: number) => number) | undefined,
    saturation: number,
  ) {
    const n = points.weight.length;
    this.#n = n;
    this.#between = between;
    this.#saturation = saturation;
    this.#weight = points.weight.slice();
    this.#sum = points.sum.map((row) => row.slice());
    this.#count = new Float64Array(n);
    this.#known = points.sum.map((row) => new Float32Array(row.length));
    this.#own = new Float64Array(n);
    for (let i = 0; i < n; i++) this.#weigh(i);
    this.#alive = new Uint8Array(n).fill(1);
    this.#gain = new Float32Array(n * n);
    this.#apart = apart ? new Float32Array(n * n) : undefined;
    this.#partner = new Int32Array(n).fill(-1);
  }

  /** Computes the gains of all pairs. */
  *prepare(apart: ((i: number, j: number) => number) | undefined): Steps<void> {
    const n = this.#n;
    for (let i = 0; i < n; i++) {
      if (i % ROWS_PER_STEP === 0) yield;
      for (let j = 0; j < i; j++) {
        if (apart && this.#apart) this.#set(this.#apart, i, j, apart(i, j));
        this.#set(this.#gain, i, j, this.#merged(i, j));
      }
    }
    for (let i = 0; i < n; i++) this.#findPartner(i);
  }

  /** The pair to merge next, lower index first, and its scaled gain. */
  *next(scale: number): Steps<[kept: number, removed: number, gain: number]> {
    for (let postponed = 1; ; postponed++) {
      if (postponed % ROWS_PER_STEP === 0) yield;
      const [i, j] = this.#best();
      const gain = this.#gainOf(i, j);
      if (scale === 1) return [i, j, gain];
      const scaled = this.#scaledGain(i, j, scale);
      if (!(scaled < 0 && gain > -LAST / 2)) return [i, j, scaled];
      this.#set(this.#gain, i, j, gain - LAST);
      this.#findPartner(i);
      this.#findPartner(j);
    }
  }

  #gainOf(i: number, j: number): number {
    return this.#gain[i * this.#n + j]!;
  }

  /** The gain if all weights were `scale` times as large. */
  #scaledGain(i: number, j: number, scale: number): number {
    const [x, n] = this.#scaled(i, scale);
    const [y, m] = this.#scaled(j, scale);
    const own = evidence(this.#between, n, x) + evidence(this.#between, m, y);
    return evidence(this.#between, n + m, x, y) - own;
  }

  #scaled(i: number, scale: number): [known: Float32Array, count: number] {
    const weight = this.#weight[i]!;
    const count = observations(weight * scale, this.#saturation);
    return [this.#sum[i]!.map((x) => (x * count) / weight), count];
  }

  /** The pair with the largest gain, lower index first. */
  #best(): [number, number] {
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.#n; i++) {
      const partner = this.#partner[i]!;
      if (!this.#alive[i] || partner < 0) continue;
      const gain = this.#gainOf(i, partner);
      if (best < 0 || gain > most) {
        most = gain;
        best = i;
      }
    }
    const partner = this.#partner[best]!;
    return [Math.min(best, partner), Math.max(best, partner)];
  }

  merge(kept: number, removed: number): void {
    const into = this.#sum[kept]!;
    const from = this.#sum[removed]!;
    for (let d = 0; d < into.length; d++) into[d]! += from[d]!;
    this.#weight[kept]! += this.#weight[removed]!;
    this.#weigh(kept);
    this.#alive[removed] = 0;
    for (let k = 0; k < this.#n; k++) {
      if (!this.#alive[k] || k === kept) continue;
      if (this.#apart) {
        const both = this.#apart[kept * this.#n + k]! + this.#apart[removed * this.#n + k]!;
        this.#set(this.#apart, kept, k, both);
      }
      this.#set(this.#gain, kept, k, this.#merged(kept, k));
      const partner = this.#partner[k]!;
      if (partner === kept || partner === removed) this.#findPartner(k);
      else if (this.#gainOf(k, kept) > this.#gainOf(k, partner)) this.#partner[k] = kept;
    }
    this.#findPartner(kept);
  }

  /** Updates a cluster's equivalent observations and evidence from its weight and sum. */
  #weigh(i: number): void {
    const weight = this.#weight[i]!;
    const count = observations(weight, this.#saturation);
    const sum = this.#sum[i]!;
    const known = this.#known[i]!;
    for (let d = 0; d < sum.length; d++) known[d] = (sum[d]! * count) / weight;
    this.#count[i] = count;
    this.#own[i] = evidence(this.#between, count, known);
  }

  #merged(i: number, j: number): number {
    const n = this.#count[i]! + this.#count[j]!;
    const together = evidence(this.#between, n, this.#known[i]!, this.#known[j]);
    const apart = this.#apart ? this.#apart[i * this.#n + j]! : 0;
    return together - this.#own[i]! - this.#own[j]! - apart;
  }

  #set(matrix: Float32Array, i: number, j: number, value: number): void {
    matrix[i * this.#n + j] = value;
    matrix[j * this.#n + i] = value;
  }

  #findPartner(i: number): void {
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < this.#n; j++) {
      if (!this.#alive[j] || j === i) continue;
      const gain = this.#gain[i * this.#n + j]!;
      if (best < 0 || gain > most) {
        most = gain;
        best = j;
      }
    }
    this.#partner[i] = best;
  }
}

/**
 * Number of clusters that are left after the last merge that gains `least`, without those after the first that is
 * likelier two speakers than one. In a tree with scaled gains, merges of single points gain less than `least`, but come
 * before those that gain more.
 */
export function clustersLeft({ gain, points }: Tree, least: number): number {
  const against = gain.findIndex((x) => x < Math.min(0, least));
  let merges = against < 0 ? gain.length : against;
  while (merges > 0 && gain[merges - 1]! < least) merges--;
  return points - merges;
}

/** Cluster of each point if merging stops at `count` clusters (1 … points), numbered in order of their first point. */
export function cut(tree: Tree, count: number): Int32Array {
  const n = tree.points;
  const parent = Int32Array.from({ length: 2 * n }, (_, i) => i);
  const root = (node: number) => {
    let at = node;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  for (let i = 0; i < n - Math.max(1, count); i++) {
    parent[tree.a[i]!] = n + i;
    parent[tree.b[i]!] = n + i;
  }
  const names = new Map<number, number>();
  return Int32Array.from({ length: n }, (_, i) => {
    const at = root(i);
    const name = names.get(at) ?? names.size;
    names.set(at, name);
    return name;
  });
}
