/** `n - 1` merges of `n` points in order of height: clusters `a[i]` and `b[i]` become cluster `n + i` (as in SciPy). */
export interface Dendrogram {
  readonly points: number;
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly height: Float64Array;
}

/**
 * Average linkage of weighted points (UPGMA; Lance and Williams' update weighted by the points' weights), by the
 * nearest-neighbour chain: O(n²) time, no memory beyond the matrix that comes in.
 * @param distance `[n, n]`, symmetric, finite; **overwritten**. @param weight `[n]`, > 0.
 */
export function averageLinkage(distance: Float32Array, weight: Float64Array): Dendrogram {
  const n = weight.length;
  const mass = Float64Array.from(weight);
  const alive = new Uint8Array(n).fill(1);
  const raw = { a: new Int32Array(Math.max(0, n - 1)), b: new Int32Array(Math.max(0, n - 1)) };
  const height = new Float64Array(Math.max(0, n - 1));
  const chain: number[] = [];
  let first = 0;
  for (let step = 0; step < n - 1; ) {
    if (chain.length === 0) {
      while (!alive[first]) first++;
      chain.push(first);
    }
    const top = chain[chain.length - 1] as number;
    const before = chain.length > 1 ? (chain[chain.length - 2] as number) : -1;
    const near = nearest(distance, alive, n, top, before);
    if (near !== before) {
      chain.push(near);
      continue;
    }
    chain.length -= 2;
    raw.a[step] = top;
    raw.b[step] = near;
    height[step] = distance[top * n + near] as number;
    mergeRows(distance, alive, mass, n, top, near);
    step++;
  }
  return inOrder(n, raw.a, raw.b, height);
}

/** Nearest living neighbour of `row`; `prefer` wins a tie (else the chain could circle), then the lowest index. */
function nearest(distance: Float32Array, alive: Uint8Array, n: number, row: number, prefer: number): number {
  let best = prefer;
  let least = prefer < 0 ? Number.POSITIVE_INFINITY : (distance[row * n + prefer] as number);
  for (let j = 0; j < n; j++) {
    if (!alive[j] || j === row) continue;
    const d = distance[row * n + j] as number;
    if (d < least || best < 0) {
      least = d;
      best = j;
    }
  }
  return best;
}

/** Merges `gone` into `kept`: its distances become the weighted means. */
function mergeRows(
  distance: Float32Array,
  alive: Uint8Array,
  mass: Float64Array,
  n: number,
  gone: number,
  kept: number,
): void {
  const wk = mass[kept] as number;
  const wg = mass[gone] as number;
  alive[gone] = 0;
  mass[kept] = wk + wg;
  for (let j = 0; j < n; j++) {
    if (!alive[j] || j === kept) continue;
    const d = (wk * (distance[kept * n + j] as number) + wg * (distance[gone * n + j] as number)) / (wk + wg);
    distance[kept * n + j] = d;
    distance[j * n + kept] = d;
  }
}

/** The chain finds merges out of order: sorts them by height and names the clusters as they come. */
function inOrder(n: number, a: Int32Array, b: Int32Array, height: Float64Array): Dendrogram {
  const order = Array.from(height.keys()).sort((i, j) => (height[i] as number) - (height[j] as number) || i - j);
  const forest = new Forest(n);
  const name = Int32Array.from({ length: n }, (_, i) => i);
  const sorted = { points: n, a: new Int32Array(a.length), b: new Int32Array(a.length), height: height.slice() };
  order.forEach((merge, i) => {
    const x = forest.root(a[merge] as number);
    const y = forest.root(b[merge] as number);
    sorted.a[i] = Math.min(name[x] as number, name[y] as number);
    sorted.b[i] = Math.max(name[x] as number, name[y] as number);
    sorted.height[i] = height[merge] as number;
    name[forest.join(x, y)] = n + i;
  });
  return sorted;
}

/** Number of clusters left when all merges up to `threshold` (inclusive) are made. */
export function clustersAt(tree: Dendrogram, threshold: number): number {
  let merges = 0;
  while (merges < tree.height.length && (tree.height[merges] as number) <= threshold) merges++;
  return Math.max(0, tree.points - merges);
}

/** Cluster of each point when the tree is cut into `count` clusters (1 … points): 0, 1, … in order of first point. */
export function cut(tree: Dendrogram, count: number): Int32Array {
  const n = tree.points;
  const forest = new Forest(2 * n);
  for (let i = 0; i < n - Math.max(1, count); i++) {
    forest.join(n + i, tree.a[i] as number);
    forest.join(n + i, tree.b[i] as number);
  }
  return numbered(Int32Array.from({ length: n }, (_, i) => forest.root(i)));
}

/** Renames labels to 0, 1, … in order of first appearance; negative ones stay. */
export function numbered(labels: Int32Array): Int32Array {
  const names = new Map<number, number>();
  return labels.map((label) => {
    if (label < 0) return label;
    const known = names.get(label);
    if (known !== undefined) return known;
    names.set(label, names.size);
    return names.size - 1;
  });
}

class Forest {
  readonly #parent: Int32Array;

  constructor(size: number) {
    this.#parent = Int32Array.from({ length: size }, (_, i) => i);
  }

  root(node: number): number {
    let at = node;
    while (this.#parent[at] !== at) {
      this.#parent[at] = this.#parent[this.#parent[at] as number] as number;
      at = this.#parent[at] as number;
    }
    return at;
  }

  /** Joins two trees under the first's root, and gives it. */
  join(x: number, y: number): number {
    const root = this.root(x);
    this.#parent[this.root(y)] = root;
    return root;
  }
}
