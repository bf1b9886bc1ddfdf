import { expect, it } from 'vitest';
import type { Model } from '../contract/backend.ts';
import type { ModelManifest } from '../contract/model.ts';
import { embedding } from './embedding.ts';

/** A network that outputs the given embedding. */
function network(voice: readonly number[], rectified?: boolean) {
  const y = { type: 'float32' as const, dims: [1, voice.length], data: Float32Array.from(voice) };
  const model = {
    inputs: [{ name: 'x', type: 'float32', dims: ['N', 'T', 2] }],
    outputs: [{ name: 'y', type: 'float32', dims: ['N', voice.length] }],
    run: async () => ({ y }),
  } as unknown as Model;
  const part = { sampleRate: 16_000, features: 'fbank', window: 'povey', scale: 1, bins: 2, leastFrames: 1, rectified };
  const manifest = { id: 'x', version: '1.0.0', embedding: { ...part, dimensions: voice.length } };
  return embedding(manifest as unknown as ModelManifest, model);
}

it('returns the output of the network with unit length', async () => {
  const voice = await network([3, -4]).voice(new Float32Array(4));
  expect([...voice]).toEqual([expect.closeTo(0.6), expect.closeTo(-0.8)]);
});

it('counts negative outputs as 0 where the manifest says so', async () => {
  const voice = await network([3, -4, 4], true).voice(new Float32Array(4));
  expect([...voice]).toEqual([expect.closeTo(0.6), 0, expect.closeTo(0.8)]);
});
