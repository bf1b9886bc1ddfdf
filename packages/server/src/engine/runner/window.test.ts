import { describe, expect, it } from 'vitest';
import type { ModelManifest, Tensor } from 'voiceflow-ml/core';
import type { Task } from '../engine.ts';
import { WindowRunner } from './window.ts';

const MANIFEST = {
  id: 'm',
  version: '1',
  space: 's',
  sampleRate: 4,
  inputs: [{ name: 'audio', type: 'float32', dims: ['N', 4] }],
} as unknown as ModelManifest;

/** Answers one window of samples by outputs that are as given. */
function answer(samples: readonly number[], poison = 0) {
  const output = (dims: number[], first: number): Tensor => {
    return { type: 'float32', dims, data: Float32Array.from({ length: 4 }, (_, i) => (i === 0 ? first : 0.5)) };
  };
  const run = async () => ({ embeddings: output([1, 2, 2], 0.5), activity: output([1, 2, 2], poison) });
  const parts = { manifest: MANIFEST, model: { run } as never, openAudio: () => Promise.reject(new Error('not used')) };
  const task: Task = { kind: 'infer', contentType: '', output: 'json', params: {}, maxSeconds: 60 };
  const body = new Uint8Array(Float32Array.from(samples).buffer);
  return new WindowRunner(parts).run(task, body, { signal: new AbortController().signal });
}

describe('a raw window', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e18, -(2 ** 32)])(
    'is rejected if it has the sample %d, for which the network would return no numbers',
    async (value) => {
      await expect(answer([0, 1, value, 0])).rejects.toMatchObject({
        code: 'invalid-audio',
        message: expect.stringMatching(/^sample 2 is \S+, expected finite numbers/),
      });
    },
  );

  it('is accepted with any other samples', async () => {
    for (const value of [0, 1e-45, -1e-19, 1, -30_000, 2 ** 31]) {
      const reply = await answer([0, value, 0, 0]);
      expect(JSON.parse(new TextDecoder().decode(reply.body)).activity).toEqual([
        [0, 0.5],
        [0.5, 0.5],
      ]);
    }
  });
});

it.each([Number.NaN, Number.NEGATIVE_INFINITY])(
  'whose output is %d is a failure of the backend, not null',
  async (value) => {
    await expect(answer([0, 1, 0, 0], value)).rejects.toMatchObject({
      code: 'backend-failed',
      message: `output "activity" is ${value} at 0`,
    });
  },
);
