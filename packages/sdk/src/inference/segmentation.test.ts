import { describe, expect, it } from 'vitest';
import type { Model, TensorInfo } from '../contract/backend.ts';
import type { ModelManifest } from '../contract/model.ts';
import { halfEven } from '../stages/half-even.ts';
import { firstFrame, frameTime, segmentation, segmentationRunner, WindowMean } from './segmentation.ts';

const part = {
  sampleRate: 100,
  window: 100,
  frames: 10,
  frameStep: 10,
  frameStart: 5,
  speakers: 2,
  speakersAtOnce: 1,
};
const manifest = {
  id: 'test',
  version: '1',
  space: '',
  license: 'none',
  pipeline: 'recordings',
  sampleRate: 100,
  part: 'segmentation',
  segmentation: part,
  files: {},
  inputs: [],
  outputs: [],
  settings: {},
} satisfies ModelManifest;

/** Speaker 1 is active where the first sample of a frame is positive. */
function network(input: TensorInfo['dims'] = ['N', 1, 'samples'], classes = 3): Model {
  return {
    inputs: [{ name: 'audio', type: 'float32', dims: input }],
    outputs: [{ name: 'scores', type: 'float32', dims: ['N', 'T', classes] }],
    concurrency: 1,
    async run(feeds) {
      const { data, dims } = feeds.audio as { data: Float32Array; dims: readonly number[] };
      const scores = new Float32Array((data.length / 10) * 3);
      for (let frame = 0; frame < data.length / 10; frame++)
        scores[frame * 3 + ((data[frame * 10] as number) > 0 ? 2 : 0)] = 9;
      return { scores: { type: 'float32', dims: [dims[0] as number, 10, 3], data: scores } };
    },
    async close() {},
  };
}

describe('segmentation', () => {
  it.each([[['N', 100]], [['N', 1, 'samples']]])('runs windows of an input of shape %j in order', async (dims) => {
    const seen: [number, number[]][] = [];
    const parts = segmentation(manifest, network(dims));
    const runner = segmentationRunner(parts, { step: 50, batch: 2 }, (window, scores) => {
      seen.push([window, [...parts.powerset.likeliest(scores)]]);
    });
    await runner.push(new Float32Array(70));
    await runner.push(new Float32Array(80).fill(1));
    await runner.end();
    expect(seen).toEqual([
      [0, [0, 0, 0, 0, 0, 0, 0, 2, 2, 2]],
      [1, [0, 0, 2, 2, 2, 2, 2, 2, 2, 2]],
    ]);
  });

  it('rejects a network with another number of classes, and a manifest without the part', () => {
    expect(() => segmentation(manifest, network(['N', 100], 7))).toThrow(/expected 3 powerset classes/);
    const { segmentation: _, ...without } = manifest;
    expect(() => segmentation(without, network())).toThrow(/no part `segmentation`/);
    expect(() => segmentation(manifest, network(['N']))).toThrow(/1 dimensions/);
    const silent = { ...manifest, segmentation: { ...part, speakersAtOnce: 0 } };
    expect(() => segmentation(silent, network())).toThrow(/speakersAtOnce is 0, expected a number above 0/);
  });

  it('maps windows to the frames of the recording like pyannote', () => {
    // segmentation-3.0: frames of 270 samples, windows every second.
    const starts = [0, 1, 2, 3].map((window) => firstFrame({ frameStep: 270 }, window, 16_000));
    expect(starts).toEqual([0, 59, 119, 178]);
    expect([0.5, 1.5, 2.5, 2.4999].map(halfEven)).toEqual([0, 2, 2, 2]);
    expect(frameTime(part, 3)).toBe(0.35);
  });

  it('averages overlapping windows, and emits each frame as soon as it is final', () => {
    const given: [number, number][] = [];
    const mean = new WindowMean(4, (value, frame) => given.push([frame, value]));
    mean.add(0, [1, 1, 1, 1]);
    mean.add(2, [0, 0, 0, 0]);
    expect(given).toEqual([
      [0, 1],
      [1, 1],
    ]);
    mean.end();
    expect(given.slice(2)).toEqual([
      [2, 0.5],
      [3, 0.5],
      [4, 0],
      [5, 0],
    ]);
  });
});
