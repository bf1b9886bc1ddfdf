import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as pipeline from 'voiceflow-ml/stages';
import { plainSpace, syntheticRecording } from './clustering.ts';

it('hours of many tracks are clustered in blocks, and the speakers are found', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../models/fast-cnn/manifest.json', import.meta.url), 'utf8'));
  const settings = plainSpace(pipeline.fastCnnSettings(manifest));
  const script = { hours: 1, voices: 4, turn: 4 };
  const { local, duration, frame } = syntheticRecording([...settings.voices.between], script, 1);
  const request = { bounds: { least: 1, most: 100 }, known: [] };
  const { speakers } = pipeline.solve({ manifest, settings, frame }, local, duration, request);
  expect(speakers.length).toBe(4);
});
