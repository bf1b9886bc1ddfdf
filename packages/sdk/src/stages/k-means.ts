import { seededRandom } from '../contract/random.ts';
import { type Steps, Work } from './steps.ts';

/** Number of initializations. */
const STARTS = 3;
const MOST_ROUNDS = 300;

/**
 * k-means with k-means++ initialization (D. Arthur, S. Vassilvitskii, 2007), best of three runs; deterministic.
 * @param points Rows of equal length, at least `count`. @returns Cluster of each point: 0, 1, … below `count`.
 */
export function* kMeans(points: readonly Float32Array[], count: number): Steps<Int32Array> {
  let best = new Int32Array(points.length);
  let least = Number.POSITIVE_INFINITY;
  if (count < 2) return best;
  const random = seededRandom(42);
  for (let start = 0; start < STARTS; start++) {
    const { labels, inertia } = yield* iterate(points, yield* initialCenters(points, count, random));
    if (inertia >= least) continue;
    least = inertia;
    best = labels;
  }
  return best;
}

function* iterate(
  points: readonly Float32Array[],
  centers: Float64Array[],
): Steps<{ labels: Int32Array<ArrayBuffer>; inertia: number }> {
  const work = new Work();
  const size = points[0]?.length ?? 0;
  const labels = new Int32Array(points.length);
  let inertia = 0;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let moved = round === 0;
    inertia = 0;
    for (const [i, point] of points.entries()) {
      if (work.isDue(centers.length * size)) yield;
      let label = 0;
      let least = Number.POSITIVE_INFINITY;
      centers.forEach((center, k) => {
        const square = squareOf(point, center);
        if (square >= least) return;
        least = square;
        label = k;
      });
      inertia += least;
      if (labels[i] !== label) moved = true;
      labels[i] = label;
    }
    if (!moved) break;
    for (const [k, center] of centers.entries()) {
      if (work.isDue(points.length)) yield;
      const own = points.filter((_, i) => labels[i] === k);
      if (own.length === 0) continue;
      center.fill(0);
      for (const point of own) for (let d = 0; d < center.length; d++) center[d]! += point[d]! / own.length;
    }
  }
  return { labels, inertia };
}

/** Initial centers: each further one is drawn with a probability ∝ its squared distance to the nearest one so far. */
function* initialCenters(points: readonly Float32Array[], count: number, random: () => number): Steps<Float64Array[]> {
  const work = new Work();
  const centers = [Float64Array.from(points[Math.floor(random() * points.length)]!)];
  const squares = points.map((point) => squareOf(point, centers[0]!));
  while (centers.length < count) {
    if (work.isDue(points.length * (points[0]?.length ?? 0))) yield;
    let rest = random() * squares.reduce((sum, x) => sum + x, 0);
    const found = squares.findIndex((square) => {
      rest -= square;
      return rest < 0;
    });
    const center = Float64Array.from(points[found < 0 ? centers.length : found] as Float32Array);
    centers.push(center);
    points.forEach((point, i) => {
      squares[i] = Math.min(squares[i] as number, squareOf(point, center));
    });
  }
  return centers;
}

function squareOf(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let d = 0; d < x.length; d++) sum += (x[d]! - y[d]!) ** 2;
  return sum;
}
