import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../contract/random.ts';
import { agglomerateSteps, clustersLeft, cut, type Points } from './ahc.ts';
import { evidence } from './plda.ts';
import { finish } from './steps.ts';

const agglomerate = (...args: Parameters<typeof agglomerateSteps>) => finish(agglomerateSteps(...args));
const BETWEEN = Float32Array.of(36, 36, 25, 25, 16, 16);

/** Points of `speakers` voices drawn from the model that clustering assumes. */
function voices(speakers: number, perSpeaker: number, seed: number): { points: Points; truth: number[] } {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const centers = Array.from({ length: speakers }, () => BETWEEN.map((phi) => Math.sqrt(phi) * normal()));
  const truth = Array.from({ length: speakers * perSpeaker }, (_, i) => i % speakers);
  const weight = Float64Array.from(truth, () => 1 + Math.floor(random() * 3));
  const sum = truth.map((speaker, i) => {
    const n = weight[i] as number;
    return (centers[speaker] as Float32Array).map((center) => n * center + Math.sqrt(n) * normal());
  });
  return { points: { weight, sum }, truth };
}

const groups = (labels: ArrayLike<number>) => {
  const found = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++)
    found.set(labels[i] as number, [...(found.get(labels[i] as number) ?? []), i]);
  return [...found.values()].map((group) => group.join(' ')).sort();
};

const total = ({ weight, sum }: Points, labels: Int32Array) => {
  let all = 0;
  for (const group of groups(labels)) {
    const members = group.split(' ').map(Number);
    const rows = members.map((i) => sum[i] as Float32Array);
    const joined = BETWEEN.map((_, j) => rows.reduce((s, row) => s + (row[j] as number), 0));
    all += evidence(
      BETWEEN,
      members.reduce((s, i) => s + (weight[i] as number), 0),
      joined,
      undefined,
    );
  }
  return all;
};

describe('agglomerate', () => {
  it('finds the number of speakers and the assignment of the points', () => {
    for (const speakers of [1, 2, 4]) {
      const { points, truth } = voices(speakers, 12, 40 + speakers);
      const tree = agglomerate(points, BETWEEN);
      const count = clustersLeft(tree, 0);
      expect(count).toBe(speakers);
      expect(groups(cut(tree, count))).toEqual(groups(truth));
    }
  });

  it('returns the gain of each merge', () => {
    const { points } = voices(3, 5, 3);
    const tree = agglomerate(points, BETWEEN);
    for (let count = 1; count < 15; count++) {
      const gained = total(points, cut(tree, count)) - total(points, cut(tree, count + 1));
      expect(tree.gain[15 - count - 1]).toBeCloseTo(gained, 2);
    }
  });

  it('chooses the best merge each time, for any order of the points', () => {
    const law = fc.property(fc.integer({ min: 2, max: 12 }), fc.nat(1000), (n, seed) => {
      const { points } = voices(2, n, seed);
      const reversed = { weight: points.weight.slice().reverse(), sum: [...points.sum].reverse() };
      const there = cut(agglomerate(points, BETWEEN), 2);
      const back = cut(agglomerate(reversed, BETWEEN), 2).reverse();
      expect(groups(back)).toEqual(groups(there));
      const tree = agglomerate(points, BETWEEN);
      const first = cut(tree, 2 * n - 1);
      const pair = groups(first).find((group) => group.includes(' ')) ?? '';
      let best = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < 2 * n; i++) {
        for (let j = 0; j < i; j++) {
          const labels = Int32Array.from({ length: 2 * n }, (_, k) => (k === i ? j : k));
          const gain =
            total(points, labels) -
            total(
              points,
              Int32Array.from({ length: 2 * n }, (_, k) => k),
            );
          if (gain > best) best = gain;
        }
      }
      expect(tree.gain[0]).toBeCloseTo(best, 2);
      expect(pair.split(' ')).toHaveLength(2);
    });
    fc.assert(law, { seed: 9, numRuns: 30 });
  });

  it('cuts to nested clusters, numbered by first point', () => {
    const { points } = voices(4, 6, 8);
    const tree = agglomerate(points, BETWEEN);
    for (let count = 1; count <= 24; count++) {
      const labels = cut(tree, count);
      expect(new Set(labels).size).toBe(count);
      const seen = [...new Set(labels)];
      expect(seen).toEqual(seen.map((_, i) => i));
      const finer = cut(tree, Math.min(24, count + 1));
      for (const group of groups(finer)) expect(new Set(group.split(' ').map((i) => labels[Number(i)])).size).toBe(1);
    }
  });

  it('obeys cannot-link penalties as long as other merges are possible', () => {
    const { points } = voices(1, 6, 2);
    const apart = (i: number, j: number) => (i % 2 === j % 2 ? 0 : 1000);
    const tree = agglomerate(points, BETWEEN, apart);
    expect(groups(cut(tree, 2))).toEqual(['0 2 4', '1 3 5']);
    expect(clustersLeft(tree, 0)).toBe(2);
  });

  it('accepts zero points and one', () => {
    const none = agglomerate({ weight: new Float64Array(), sum: [] }, BETWEEN);
    expect([none.points, clustersLeft(none, 0)]).toEqual([0, 0]);
    const one = agglomerate({ weight: Float64Array.of(1), sum: [new Float32Array(6)] }, BETWEEN);
    expect([...cut(one, 1)]).toEqual([0]);
  });

  it('finds as many speakers in a recording repeated twenty times, when its weights are scaled', () => {
    const { points } = voices(3, 4, 11);
    const times = 20;
    const weight = Float64Array.from(
      { length: points.weight.length * times },
      (_, i) => points.weight[i % points.weight.length] as number,
    );
    const sum = Array.from({ length: weight.length }, (_, i) => points.sum[i % points.sum.length] as Float32Array);
    const tree = agglomerate({ weight, sum }, BETWEEN, undefined, 16, 1 / times);
    expect(clustersLeft(tree, 0)).toBe(3);
    expect(groups(cut(tree, 3)).map((group) => new Set(group.split(' ').map((i) => Number(i) % 3)).size)).toEqual([
      1, 1, 1,
    ]);
  });

  it('merges fragments of one voice before two voices, when weights are scaled', () => {
    const at = (x: number, weight: number) => ({ weight, sum: Float32Array.of(x * weight, 0, 0, 0, 0, 0) });
    // Two people with much speech, and a third with little, whose two fragments differ a bit more than the two people.
    const clusters = [at(-1.6, 1000), at(1.6, 700), at(-2, 60), at(2, 60)];
    for (const { sum } of clusters.slice(2)) sum[1] = 20 * 60;
    const points = { weight: Float64Array.from(clusters, ({ weight }) => weight), sum: clusters.map(({ sum }) => sum) };
    const full = agglomerate(points, BETWEEN, undefined, 20);
    expect(groups(cut(full, 3))).toEqual(['0 1', '2', '3']);
    const tree = agglomerate(points, BETWEEN, undefined, 20, 0.01);
    expect(clustersLeft(tree, 0)).toBe(3);
    expect(groups(cut(tree, 3))).toEqual(['0', '1', '2 3']);
  });
});
