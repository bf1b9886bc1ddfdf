import { expect, it } from 'vitest';
import { seededRandom } from '../contract/random.ts';
import { clustersOf, clusterTracks, largeClusters } from './cluster-tracks.ts';
import type { SolveSettings } from './settings.ts';
import { finish } from './steps.ts';

const D = 6;

/** Tracks of four people of whom one speaks much and one little, each with the noise of its seconds and of its moment. */
function tracks(count: number) {
  const random = seededRandom(count);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const voices = Array.from({ length: 4 }, () => Float32Array.from({ length: D }, () => 5 * normal()));
  const seconds = Float64Array.from({ length: count }, () => 1 + 3 * random());
  const sum = Array.from(seconds, (weight) => {
    const voice = voices[Math.max(0, Math.floor(random() * 10) - 6)] as Float32Array;
    return voice.map((x) => weight * (x + normal() / Math.sqrt(weight) + 0.5 * normal()));
  });
  return { seconds, sum };
}

const settings = (horizon?: number) =>
  ({
    cluster: {
      rate: 1,
      saturation: 16,
      horizon,
      evidence: 5,
      shortestTrack: 0.1,
      shortestSpeaker: 1,
      leastShare: 0.035,
    },
    voices: { between: new Float32Array(D).fill(25) },
  }) as unknown as SolveSettings;

// Up to 1,000 tracks are clustered at once; more are first halved in blocks.
it.each([
  [60, undefined],
  [60, 120],
  [990, 120],
  [1100, 120],
  [5000, undefined],
  [5000, 120],
])('finds four people in %i tracks (horizon %s s)', (count, horizon) => {
  const rules = settings(horizon);
  const clusters = finish(clusterTracks(tracks(count), rules));
  expect(clusters.points.weight.length).toBeLessThanOrEqual(1000);
  const found = largeClusters(clusters, rules);
  expect(found).toHaveLength(4);
  const share = found[0] ? found[0].weight / found.reduce((sum, { weight }) => sum + weight, 0) : 0;
  expect(Math.abs(share - 0.7)).toBeLessThan(0.15);
  expect(clustersOf(clusters, 3)).toHaveLength(3);
});
