import { describe, expect, it } from 'vitest';
import { seededRandom } from '../contract/random.ts';
import { centroidLinkage } from './centroid-linkage.ts';
import { kMeans } from './k-means.ts';
import { finish, type Steps, Work } from './steps.ts';
import { vbx } from './vbx.ts';

const random = seededRandom(3);
const rows = (count: number, size: number) =>
  Array.from({ length: count }, () => Float32Array.from({ length: size }, () => random() - 0.5));

/** Steps that work takes; a caller that stops asking has at most one of them done for nothing. */
function stepsOf<T>(work: Steps<T>): number {
  let steps = 1;
  while (!work.next().done) steps++;
  return steps;
}

/** Multiplications that fill a step. */
const FULL = 1 << 21;

describe('every step of clustering takes at most a few milliseconds', () => {
  it('k-means', () => {
    const points = rows(2_000, 64);
    // Each round, of three beginnings: every point with every center.
    expect(stepsOf(kMeans(points, 40))).toBeGreaterThanOrEqual((3 * 2 * 2_000 * 40 * 64) / FULL);
  });

  it('VBx', () => {
    const [n, size, speakers, iterations] = [1_500, 64, 60, 5];
    const voices = rows(n, size).map((row) => Float64Array.from(row));
    const first = Int32Array.from({ length: n }, (_, i) => i % speakers);
    const rules = { fa: 0.07, fb: 0.8, smoothing: 7, iterations };
    const between = new Float64Array(size).fill(1);
    const { bounds } = finish(vbx(voices, between, first, rules));
    const work = bounds.length * 2 * n * speakers * size;
    expect(stepsOf(vbx(voices, between, first, rules))).toBeGreaterThanOrEqual(Math.floor(work / FULL));
  });

  it('centroid linkage: a few rows of distances, or a few merges', () => {
    const points = rows(400, 8);
    expect(stepsOf(centroidLinkage(points))).toBeGreaterThanOrEqual((400 + 399) / 16);
  });

  it('is due after a fixed amount of work, for any cost of the parts', () => {
    const work = new Work();
    expect([FULL - 1, 1, 1, FULL].map((cost) => work.isDue(cost))).toEqual([false, true, false, true]);
  });
});
