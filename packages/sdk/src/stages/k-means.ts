import { seededRandom } from './random.ts';

/** Beginnings that are tried. */
const STARTS = 3;
const MOST_ROUNDS = 300;

/**
 * k-means with the beginnings of k-means++ (D. Arthur, S. Vassilvitskii, 2007), the best of three; the same for the same
 * points. @param points Rows of one length, at least `count`. @returns Cluster of each: 0, 1, … below `count`.
 */
export function kMeans(points: readonly Float32Array[], count: number): Int32Array {
  let best = new Int32Array(points.length);
  let least = Number.POSITIVE_INFINITY;
  if (count < 2) return best;
  const random = seededRandom(42);
  for (let start = 0; start < STARTS; start++) {
    const { labels, inertia } = settle(points, beginnings(points, count, random));
    if (inertia >= least) continue;
    least = inertia;
    best = labels;
  }
  return best;
}

function settle(points: readonly Float32Array[], centers: Float64Array[]) {
  const labels = new Int32Array(points.length);
  let inertia = 0;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let moved = round === 0;
    inertia = 0;
    points.forEach((point, i) => {
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
    });
    if (!moved) break;
    centers.forEach((center, k) => {
      const own = points.filter((_, i) => labels[i] === k);
      if (own.length === 0) return;
      center.fill(0);
      for (const point of own) for (let d = 0; d < center.length; d++) center[d]! += point[d]! / own.length;
    });
  }
  return { labels, inertia };
}

/** Each further one is drawn by the square of its distance to those before. */
function beginnings(points: readonly Float32Array[], count: number, random: () => number): Float64Array[] {
  const centers = [Float64Array.from(points[Math.floor(random() * points.length)]!)];
  const squares = points.map((point) => squareOf(point, centers[0]!));
  while (centers.length < count) {
    let rest = random() * squares.reduce((sum, x) => sum + x, 0);
    const found = squares.findIndex((square) => {
      rest -= square;
      return rest < 0;
    });
    const center = Float64Array.from(points[found < 0 ? centers.length : found]!);
    centers.push(center);
    points.forEach((point, i) => {
      squares[i] = Math.min(squares[i]!, squareOf(point, center));
    });
  }
  return centers;
}

function squareOf(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let d = 0; d < x.length; d++) sum += (x[d]! - y[d]!) ** 2;
  return sum;
}
