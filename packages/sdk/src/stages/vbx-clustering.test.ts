import { describe, expect, it } from 'vitest';
import { BinarizedRecording } from './binarized-recording.ts';
import { halfEven } from './half-even.ts';
import { kMeans } from './k-means.ts';
import { reconstruct } from './reconstruct.ts';
import { finish } from './steps.ts';
import { vbx, xVectorSpace } from './vbx.ts';
import { assignVoices, assignVoicesToCount, findVoices, NOBODY } from './vbx-clustering.ts';

const RULES = { threshold: 0.6, leastShare: 0.2, fa: 0.07, fb: 0.8, iterations: 20, smoothing: 7 };
const DIMENSIONS = 8;
const FRAMES = 20;

/** Embeddings are their own space, but for the lengths. */
const identity = Float64Array.from({ length: DIMENSIONS ** 2 }, (_, i) => (i % (DIMENSIONS + 1) === 0 ? 1 : 0));
const space = xVectorSpace({
  from: DIMENSIONS,
  to: DIMENSIONS,
  before: new Float64Array(DIMENSIONS),
  after: new Float64Array(DIMENSIONS),
  reduction: identity,
  mean: new Float64Array(DIMENSIONS),
  whitening: identity,
  between: new Float64Array(DIMENSIONS).fill(10),
});

/** Windows half a window apart; each says who (a digit a slot, `-` for nobody) speaks in its first and second half. */
function recording(windows: readonly string[]): BinarizedRecording {
  const result = new BinarizedRecording({
    frames: FRAMES,
    slots: 2,
    dimensions: DIMENSIONS,
    startOf: (w) => (w * FRAMES) / 2,
  });
  windows.forEach((text, window) => {
    const [first = '--', second = '--'] = text.split(' ');
    const active = new Uint8Array(FRAMES * 2);
    for (let frame = 0; frame < FRAMES; frame++) {
      const half = frame < FRAMES / 2 ? first : second;
      for (let slot = 0; slot < 2; slot++) active[frame * 2 + slot] = half[slot] === '-' ? 0 : 1;
    }
    result.add(active);
    for (let slot = 0; slot < 2; slot++) {
      const who = [first[slot], second[slot]].find((c) => c !== '-');
      if (who === undefined) continue;
      const voice = new Float32Array(DIMENSIONS).fill(0.01 * window);
      voice[Number(who)] = 5;
      result.voices.set(window * 2 + slot, voice);
    }
  });
  return result;
}

describe('clustering of the reference pipeline', () => {
  const windows = recording(['0- -1', '1- -0', '0- 0-', '0- -1', '1- 1-', '-- --']);

  it('finds the speakers, assigns those of one window to different speakers, and silence to none', () => {
    const voices = finish(findVoices(windows, space, RULES));
    const { clusterOf, centroids } = finish(assignVoices(voices));
    expect(centroids).toHaveLength(2);
    expect(clusterOf[0]).not.toBe(clusterOf[1]);
    expect(clusterOf[0]).toBe(clusterOf[3]);
    expect(clusterOf[1]).toBe(clusterOf[2]);
    expect([...clusterOf.subarray(10)]).toEqual([NOBODY, NOBODY]);
    expect(Math.max(...finish(assignVoicesToCount(voices, 1)).clusterOf)).toBe(0);
  });

  it('returns one speaker if too few local speakers take part', () => {
    expect(finish(findVoices(recording(['0- 0-']), space, RULES)).centroids).toHaveLength(1);
    expect(finish(findVoices(recording(['-- --']), space, RULES)).rows).toHaveLength(0);
  });

  it('activates as many speakers as the windows count, and one for the exclusive view', () => {
    const overlap = recording(['01 01', '01 01', '01 01']);
    const { clusterOf, centroids } = finish(
      assignVoices(finish(findVoices(overlap, space, { ...RULES, leastShare: 0 }))),
    );
    const all = finish(reconstruct(overlap, clusterOf, centroids.length));
    expect(all.map(({ start, end }) => [start, end])).toEqual([
      [0, 40],
      [0, 40],
    ]);
    expect(finish(reconstruct(overlap, clusterOf, centroids.length, 1))).toHaveLength(1);
  });
});

it('the bound of VBx increases until convergence, and surplus speakers lose their prior', () => {
  const voices = Array.from({ length: 40 }, (_, i) =>
    Float64Array.from({ length: DIMENSIONS }, (_, d) => (d === i % 2 ? 8 : 0) + 0.3 * Math.sin(7 * i + d)),
  );
  const first = Int32Array.from(voices, (_, i) => (i % 2) + (i < 6 ? 2 : 0));
  const { bounds, priors } = finish(
    vbx(voices, space.between, first, {
      ...RULES,
      fa: 1,
      fb: 10,
      smoothing: 1,
      iterations: 100,
    }),
  );
  bounds.slice(1).forEach((bound, i) => {
    expect(bound).toBeGreaterThan((bounds[i] as number) - 1e-9);
  });
  expect(priors.filter((p) => p > 1e-7)).toHaveLength(2);
});

it('limits the number of initial clusters even if all embeddings differ', () => {
  const windows = 400;
  const many = new BinarizedRecording({ frames: FRAMES, slots: 1, dimensions: windows, startOf: (w) => w * FRAMES });
  for (let w = 0; w < windows; w++) {
    many.add(new Uint8Array(FRAMES).fill(1));
    // Each at a right angle to all others.
    many.voices.set(w, new Float32Array(windows).fill(0).fill(1, w, w + 1));
  }
  const reduction = Float64Array.from({ length: windows * DIMENSIONS }, (_, i) => Math.sin(i));
  const other = { ...space, from: windows, before: new Float64Array(windows), reduction };
  // After one round none has lost its prior yet: those that are left are those that it began with.
  const { centroids } = finish(findVoices(many, other, { ...RULES, iterations: 1 }));
  expect(centroids.length).toBeLessThanOrEqual(100);
});

it('k-means finds clusters, is deterministic, and accepts fewer points than clusters', () => {
  const cloud = (at: number) => Array.from({ length: 10 }, (_, i) => Float32Array.of(at, 0.01 * i));
  const points = [...cloud(0), ...cloud(1), ...cloud(2)];
  const labels = finish(kMeans(points, 3));
  expect(new Set(labels.subarray(0, 10)).size).toBe(1);
  expect(new Set(labels).size).toBe(3);
  expect(finish(kMeans(points, 3))).toEqual(labels);
  expect([...finish(kMeans(points.slice(0, 1), 1))]).toEqual([0]);
});

it('rounds halves to the even number', () => {
  expect([0.5, 1.5, 2.5, 2.4999].map(halfEven)).toEqual([0, 2, 2, 2]);
});
