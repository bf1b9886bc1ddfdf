import fc from 'fast-check';
import { expect, it } from 'vitest';
import { centroidLinkage, flatClusters } from './centroid-linkage.ts';
import { finish } from './steps.ts';

const points = fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }), {
  minLength: 2,
  maxLength: 24,
});

/** Centroids of all clusters, again and again the nearest two: as the definition says. */
function plainly(rows: readonly number[][]): number[] {
  const clusters = rows.map((row) => ({ sum: row, size: 1 }));
  const distances: number[] = [];
  while (clusters.length > 1) {
    let best = { i: 0, j: 1, distance: Number.POSITIVE_INFINITY };
    clusters.forEach((x, i) => {
      clusters.slice(i + 1).forEach((y, k) => {
        const distance = Math.hypot(...x.sum.map((a, d) => a / x.size - (y.sum[d] as number) / y.size));
        if (distance < best.distance - 1e-12) best = { i, j: i + 1 + k, distance };
      });
    });
    const [x, y] = [clusters[best.i], clusters[best.j]] as [(typeof clusters)[number], (typeof clusters)[number]];
    clusters.splice(best.j, 1);
    clusters[best.i] = { sum: x.sum.map((a, d) => a + (y.sum[d] as number)), size: x.size + y.size };
    distances.push(best.distance);
  }
  return distances;
}

it('merges the nearest centroids, equal to a direct implementation', () => {
  fc.assert(
    fc.property(points, (rows) => {
      // Points of a grid tie, and ties may be broken in another order here.
      fc.pre(new Set(rows.map((row) => row.map((x) => x.toFixed(3)).join())).size === rows.length);
      const { distance } = finish(centroidLinkage(rows));
      plainly(rows).forEach((expected, i) => {
        expect(distance[i]).toBeCloseTo(expected, 5);
      });
    }),
    { seed: 1, numRuns: 60 },
  );
});

it('cuts at a maximum distance, and numbers clusters from 0', () => {
  const rows = [
    [0, 0],
    [10, 0],
    [0.1, 0],
    [10.1, 0],
    [50, 0],
  ];
  const linkage = finish(centroidLinkage(rows));
  const labels = flatClusters(linkage, 1);
  expect(labels[0]).toBe(labels[2]);
  expect(labels[1]).toBe(labels[3]);
  expect([...new Set(labels)].sort()).toEqual([0, 1, 2]);
  expect([...flatClusters(linkage, 1000)]).toEqual([0, 0, 0, 0, 0]);
  expect([...flatClusters(finish(centroidLinkage([[1]])), 1)]).toEqual([0]);
  expect(flatClusters(finish(centroidLinkage([])), 1)).toHaveLength(0);
});
