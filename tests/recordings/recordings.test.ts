import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDiarizer, type Diarizer } from 'voiceflow-ml';
import type { ModelManifest } from 'voiceflow-ml/core';
import { modelFromFolder } from 'voiceflow-ml/installed';
import { scoreDiarization } from 'voiceflow-ml/metrics';
import { demoSamples, demoTurns, modelFolder, shared } from './networks.ts';

const segmentation = shared('models/pyannote/segmentation-3.0.onnx');
const campplus = shared('models/campplus/campplus-zh-en-common.fp16w.onnx');
const RATE = 16_000;

/** Settings of `accurate` 1.0.1, which was this pipeline. */
const SETTINGS = {
  segmentation: { step: 2 },
  pieces: { target: 2, gap: 1 },
  activity: { on: 0.5, shortest: 0.1 },
  tracks: { overlap: 0.5, similarity: 0.7, evidence: 3 },
  cluster: {
    rate: 0.5,
    saturation: 16,
    horizon: 120,
    evidence: 0,
    shortestTrack: 0.5,
    shortestSpeaker: 2,
    leastShare: 0.035,
  },
  decode: { trust: 0.3, continuity: 1 },
  turns: {
    onset: 0,
    offset: 0,
    shortestGap: 0.2,
    shortestTurn: 0.1,
    edge: 0.1,
    count: { speech: 0.4, overlap: 0.5 },
    pieces: { weight: 1, trust: 0.3 },
  },
  confidence: { bias: -0.852, activity: 0.386, identity: 0.161 },
};

/** A model of the reader's own: any segmentation network and any embedding network, without the Fast CNN. */
async function ownModel(): Promise<string> {
  const folder = await modelFolder('models/accurate/manifest.json', segmentation as string, campplus);
  const path = join(folder, 'manifest.json');
  const { embedded: _, ...manifest } = JSON.parse(await readFile(path, 'utf8')) as ModelManifest;
  const { voices, known } = manifest.settings;
  const settings = { ...SETTINGS, voices, known };
  await writeFile(path, JSON.stringify({ ...manifest, pipeline: 'recordings', sampleRate: RATE, settings }));
  return folder;
}

describe.skipIf(!segmentation || !campplus)('a segmentation and an embedding network', { timeout: 300_000 }, () => {
  let folder = '';
  let diarizer: Diarizer;
  beforeAll(async () => {
    folder = await ownModel();
    diarizer = await createDiarizer({ model: await modelFromFolder(folder), backend: 'node' });
  });
  afterAll(async () => {
    await diarizer?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('form a pipeline', async () => {
    const audio = { samples: await demoSamples(), sampleRate: RATE };
    const { turns, speakers } = await diarizer.diarize(audio);
    const reference = { uri: 'x', turns: await demoTurns() };
    expect(speakers).toHaveLength(4);
    expect(scoreDiarization(reference, { uri: 'x', turns }).total.der).toBeLessThan(20);
    const [voice] = await diarizer.embed(audio, { segments: [{ start: 1, end: 5 }] });
    expect(voice).toHaveLength(192);
    expect(() => diarizer.open({ sampleRate: RATE })).toThrow(/for recordings/);
  });

  it.each([
    ['silence', new Float32Array(12 * RATE)],
    ['one sample', new Float32Array(1)],
  ])('accept %s', async (_, samples) => {
    const { turns, warnings } = await diarizer.diarize({ samples, sampleRate: RATE });
    expect(turns).toEqual([]);
    expect(warnings.map(({ code }) => code)).toContain('audio-silent');
  });
});
