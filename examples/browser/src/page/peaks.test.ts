import { expect, it } from 'vitest';
import { partsOf, peaksOf } from './peaks.ts';

const RATE = 8000;

it('returns the peak of every 20 ms, relative to the maximum', async () => {
  const samples = new Float32Array(RATE);
  samples[0] = 0.25;
  samples[RATE / 2] = -0.5;
  const peaks = await peaksOf([samples.subarray(0, 3000), samples.subarray(3000)], RATE);
  expect(peaks).toHaveLength(50);
  expect([peaks[0], peaks[1], peaks[25]]).toEqual([0.5, 0, 1]);
});

it('is never empty, and has a bounded length for long recordings', async () => {
  expect(await peaksOf([], RATE)).toEqual(new Float32Array(1));
  expect(partsOf(RATE * 1e6, RATE)).toBe(100_000);
});
