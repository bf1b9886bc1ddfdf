import type { Steps } from './steps.ts';

/** `n − 1` merges of `n` points: clusters `a[i] < b[i]` become cluster `n + i`. */
export interface Linkage {
  readonly points: number;
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** Distance of the two centroids. Not always increasing: a merged cluster may be nearer to a third than its parts. */
  readonly distance: Float64Array;
}

/** About a millisecond of work for a thousand points. */
const ROWS_PER_STEP = 16;
const MERGES_PER_STEP = 16;

/**
 * Centroid linkage by Euclidean distance, as in SciPy's `linkage(…, 'centroid')`: repeatedly merges the two clusters
 * with the nearest centroids. O(n²) memory (8 bytes per pair), O(n² d) time; ties go to the lower index.
 * @param points `n` rows of equal length.
 */
export function* centroidLinkage(points: readonly ArrayLike<number>[]): Steps<Linkage> {
  const n = points.length;
  const merges = Math.max(0, n - 1);
  const a = new Int32Array(merges);
  const b = new Int32Array(merges);
  const distance = new Float64Array(merges);
  const pairs = new Pairs(n);
  yield* pairs.measure(points);
  const name = Int32Array.from({ length: n }, (_, i) => i);
  for (let merge = 0; merge < merges; merge++) {
    if (merge % MERGES_PER_STEP === 0) yield;
    const [x, y, square] = pairs.nearest();
    const first = name[x]!;
    const second = name[y]!;
    a[merge] = Math.min(first, second);
    b[merge] = Math.max(first, second);
    distance[merge] = Math.sqrt(square);
    pairs.merge(x, y);
    name[y] = n + merge;
  }
  return { points: n, a, b, distance };
}

/** Squared distances of the remaining clusters, and for each the nearest one with a higher index. */
class Pairs {
  readonly #n: number;
  /** The squared distance of `i < j` is at index `#row[i] + j`. */
  readonly #square: Float64Array;
  readonly #row: Float64Array;
  readonly #size: Float64Array;
  readonly #alive: Uint8Array;
  /** For each cluster, the nearest one with a higher index, −1 for none. */
  readonly #partner: Int32Array;

  constructor(n: number) {
    this.#n = n;
    this.#square = new Float64Array((n * (n - 1)) / 2);
    this.#row = Float64Array.from({ length: n }, (_, i) => i * n - (i * (i + 1)) / 2 - i - 1);
    this.#size = new Float64Array(n).fill(1);
    this.#alive = new Uint8Array(n).fill(1);
    this.#partner = new Int32Array(n).fill(-1);
  }

  *measure(points: readonly ArrayLike<number>[]): Steps<void> {
    for (let i = 0; i < this.#n; i++) {
      if (i % ROWS_PER_STEP === 0) yield;
      const x = points[i]!;
      for (let j = i + 1; j < this.#n; j++) {
        const y = points[j]!;
        let sum = 0;
        for (let d = 0; d < x.length; d++) sum += (x[d]! - y[d]!) ** 2;
        this.#square[this.#row[i]! + j] = sum;
      }
      this.#findPartner(i);
    }
  }

  nearest(): [x: number, y: number, square: number] {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#n; i++) {
      if (!this.#alive[i] || this.#partner[i]! < 0) continue;
      const square = this.#square[this.#row[i]! + this.#partner[i]!]!;
      if (square < least) {
        least = square;
        best = i;
      }
    }
    return [best, this.#partner[best]!, least];
  }

  /** Merges `gone` into `kept`, with the Lance–Williams formula for centroids. */
  merge(removed: number, kept: number): void {
    const nx = this.#size[removed]!;
    const ny = this.#size[kept]!;
    const all = nx + ny;
    const between = this.#at(removed, kept);
    this.#alive[removed] = 0;
    this.#size[kept] = all;
    for (let k = 0; k < this.#n; k++) {
      if (!this.#alive[k] || k === kept) continue;
      const square = (nx * this.#at(k, removed) + ny * this.#at(k, kept) - (nx * ny * between) / all) / all;
      this.#set(k, kept, Math.max(0, square));
    }
    for (let k = 0; k < kept; k++) {
      if (!this.#alive[k]) continue;
      const partner = this.#partner[k]!;
      if (partner === removed || partner === kept) this.#findPartner(k);
      else if (partner < 0 || this.#at(k, kept) < this.#at(k, partner)) this.#partner[k] = kept;
    }
    this.#findPartner(kept);
  }

  #at(i: number, j: number): number {
    return i < j ? this.#square[this.#row[i]! + j]! : this.#square[this.#row[j]! + i]!;
  }

  #set(i: number, j: number, value: number): void {
    this.#square[i < j ? this.#row[i]! + j : this.#row[j]! + i] = value;
  }

  #findPartner(i: number): void {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let j = i + 1; j < this.#n; j++) {
      if (!this.#alive[j]) continue;
      const square = this.#square[this.#row[i]! + j]!;
      if (square < least) {
        least = square;
        best = j;
      }
    }
    this.#partner[i] = best;
  }
}

/**
 * Cluster of each point, such that no merge inside a cluster exceeds the distance `threshold`. Numbered in tree order,
 * first parts first and single points after merged clusters, like SciPy's `fcluster(…, 'distance')`.
 */
export function flatClusters({ points: n, a, b, distance }: Linkage, threshold: number): Int32Array {
  const labels = new Int32Array(n);
  if (n < 2) return labels;
  const farthest = new Float64Array(n - 1);
  const inside = (node: number) => (node < n ? Number.NEGATIVE_INFINITY : farthest[node - n]!);
  for (let i = 0; i < n - 1; i++) farthest[i] = Math.max(distance[i]!, inside(a[i]!), inside(b[i]!));
  let clusters = 0;
  // Nodes to visit, with the cluster that they belong to, −1 for none yet.
  const stack: [node: number, cluster: number][] = [[2 * n - 2, -1]];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const [node, above] = top;
    const cluster = above < 0 && inside(node) <= threshold ? clusters++ : above;
    if (node < n) {
      labels[node] = cluster;
      continue;
    }
    const [first, second] = [a[node - n]!, b[node - n]!];
    // The last one pushed is visited first. a < b, so if only one part is a merged cluster, it is the second.
    if (first < n && second >= n) stack.push([first, cluster], [second, cluster]);
    else stack.push([second, cluster], [first, cluster]);
  }
  return labels;
}
