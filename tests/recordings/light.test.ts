import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDiarizer, type Diarizer, fastCnn } from 'voiceflow-ml';
import { createResampler } from 'voiceflow-ml/core';
import { modelFromFolder } from 'voiceflow-ml/installed';
import { scoreDiarization } from 'voiceflow-ml/metrics';
import { demoSamples, demoTurns, modelFolder, shared } from './networks.ts';

const segmentation = shared('models/pyannote/segmentation-3.0.onnx');
const RATE = 16_000;

describe.skipIf(!segmentation)('the model light', { timeout: 300_000 }, () => {
  let folder = '';
  let diarizer: Diarizer;
  let conversation: Float32Array;
  beforeAll(async () => {
    folder = await modelFolder('models/accurate/light.json', segmentation as string);
    diarizer = await createDiarizer({ model: await modelFromFolder(folder), backend: 'node' });
    conversation = await demoSamples();
  });
  afterAll(async () => {
    await diarizer?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('finds the four speakers of the demo, also at 8 kHz', async () => {
    const reference = { uri: 'x', turns: await demoTurns() };
    const whole = await diarizer.diarize({ samples: conversation, sampleRate: RATE });
    expect(whole.speakers).toHaveLength(4);
    expect(whole.model).toMatchObject({ id: 'light', space: fastCnn.manifest.space });
    expect(scoreDiarization(reference, { uri: 'x', turns: whole.turns }).total.der).toBeLessThan(7);
    const resampler = createResampler(RATE, RATE / 2);
    const low = resampler.push(conversation).slice();
    const telephone = await diarizer.diarize({ samples: low, sampleRate: RATE / 2 });
    // Of the four synthesizers' voices two are told apart in a telephone's band (docs/accuracy.md).
    expect(telephone.speakers.length).toBeGreaterThanOrEqual(2);
    expect(telephone.speakers.length).toBeLessThanOrEqual(4);
  });

  it('names voices of a book made with the embedded model', async () => {
    const audio = { samples: conversation, sampleRate: RATE };
    const plain = await createDiarizer({ model: fastCnn, backend: 'node' });
    const known = (await plain.diarize(audio)).speakers.map(({ embedding, seconds }, i) => {
      return { name: `Voice ${i}`, embedding, seconds, space: fastCnn.manifest.space };
    });
    await plain.close();
    const { speakers } = await diarizer.diarize(audio, { known });
    expect(speakers.filter(({ name }) => name !== undefined).length).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ['one sample', 1],
    ['less than a window', 0.4 * RATE],
  ])('accepts %s', async (_, length) => {
    const samples = conversation.slice(3 * RATE, 3 * RATE + length);
    const { turns, duration } = await diarizer.diarize({ samples, sampleRate: RATE });
    expect(turns.every(({ start, end }) => start >= 0 && end <= duration && end > start)).toBe(true);
  });

  it('accepts silence', async () => {
    const { warnings } = await diarizer.diarize({ samples: new Float32Array(RATE), sampleRate: RATE });
    expect(warnings.map(({ code }) => code)).toContain('audio-silent');
  });

  it('supports live sessions', async () => {
    const session = diarizer.open({ sampleRate: RATE });
    for (let at = 0; at < 20 * RATE; at += RATE / 4) await session.push(conversation.subarray(at, at + RATE / 4));
    const { speakers } = await session.end();
    expect(speakers.length).toBeGreaterThanOrEqual(2);
  });
});
