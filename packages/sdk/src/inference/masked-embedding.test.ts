import { expect, it } from 'vitest';
import type { Model } from '../contract/backend.ts';
import { type MaskedEmbedding, poolable } from './masked-embedding.ts';

/** A network whose one channel of features is as given. */
function network(features: readonly number[]): MaskedEmbedding {
  const data = Float32Array.from(features);
  const run = async () => ({ y: { type: 'float32' as const, dims: [1, 1, data.length], data } });
  return {
    model: { run } as unknown as Model,
    part: { sampleRate: 16_000, features: 'fbank', window: 'povey', scale: 1, bins: 2, dimensions: 1, leastFrames: 1 },
    input: 'x',
    features: 'y',
    head: { from: 2, to: 1, weights: Float32Array.of(1, 1), bias: Float32Array.of(0) },
  };
}

it('returns the features that the network pools', async () => {
  expect(await poolable(network([1, 2, 3]), new Float32Array(6))).toEqual({
    data: Float32Array.of(1, 2, 3),
    frames: 3,
  });
});

it.each([Number.NaN, Number.POSITIVE_INFINITY])('reports %d as a failure of the backend', async (value) => {
  await expect(poolable(network([1, value, 3]), new Float32Array(6))).rejects.toMatchObject({
    code: 'backend-failed',
    message: expect.stringContaining(`"y" is ${value} at index 1`),
  });
});
