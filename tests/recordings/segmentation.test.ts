import { openAsBlob } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nodeBackend } from 'voiceflow-ml/backends/node';
import { openAudio } from 'voiceflow-ml/core';
import { pushAll, segmentation, segmentationRunner } from 'voiceflow-ml/stages';
import { bytesOf, shared } from './networks.ts';

const weights = shared('models/pyannote/segmentation-3.0.onnx');
const clips = ['clip3', 'clip4', 'sample2'].filter((clip) => shared('oracles/pyannote', clip, 'audio.wav'));

/** As its package's manifest says. */
const manifest = {
  id: 'segmentation-3.0',
  version: '1',
  space: '',
  license: 'MIT',
  pipeline: 'recordings',
  part: 'segmentation',
  sampleRate: 16_000,
  segmentation: {
    sampleRate: 16_000,
    window: 160_000,
    frames: 589,
    frameStep: 270,
    frameStart: 495,
    speakers: 3,
    speakersAtOnce: 2,
  },
  files: {},
  inputs: [],
  outputs: [],
  settings: {},
} as const;

describe.skipIf(!weights || clips.length === 0)('segmentation-3.0', () => {
  it.each(clips)('returns the recorded output of the reference for %s', async (clip) => {
    const model = await nodeBackend().load({ name: 'segmentation-3.0', bytes: await bytesOf(weights as string) });
    const network = segmentation(manifest, model);
    const expected = await bytesOf(shared('oracles/pyannote', clip, 'seg_argmax.u8') as string);
    const source = await openAudio(await openAsBlob(shared('oracles/pyannote', clip, 'audio.wav') as string), {
      sampleRate: 16_000,
    });
    let equal = 0;
    let windows = 0;
    const runner = segmentationRunner(network, { step: 16_000 }, (window, scores) => {
      windows++;
      network.powerset.likeliest(scores).forEach((value, frame) => {
        if (expected[window * 589 + frame] === value) equal++;
      });
    });
    await pushAll(source, runner, undefined);
    await model.close();
    expect(windows * 589).toBe(expected.length);
    expect(equal / expected.length).toBeGreaterThanOrEqual(0.995);
  });
});
