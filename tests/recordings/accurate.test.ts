import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDiarizer, type Diarizer } from 'voiceflow-ml';
import { createResampler } from 'voiceflow-ml/core';
import { modelFromFolder } from 'voiceflow-ml/installed';
import { scoreDiarization } from 'voiceflow-ml/metrics';
import { demoSamples, demoTurns, modelFolder, READERS, readersInTurn, shared } from './networks.ts';

const segmentation = shared('models/pyannote/segmentation-3.0.onnx');
const campplus = shared('models/campplus/campplus-zh-en-common.fp16w.onnx');
const RATE = 16_000;
const readers = shared('corpus/train/libri100_000.opus');

const tone = (seconds: number, hz: number[]) =>
  Float32Array.from({ length: Math.round(seconds * RATE) }, (_, i) =>
    hz.reduce((sum, f) => sum + (0.1 * Math.sin((2 * Math.PI * f * i) / RATE)) / hz.length, 0),
  );

describe.skipIf(!segmentation || !campplus)('the model accurate', { timeout: 600_000 }, () => {
  let folder = '';
  let diarizer: Diarizer;
  let conversation: Float32Array;

  beforeAll(async () => {
    folder = await modelFolder('models/accurate/manifest.json', segmentation as string, campplus);
    diarizer = await createDiarizer({ model: await modelFromFolder(folder), backend: 'node' });
    conversation = await demoSamples();
  });
  afterAll(async () => {
    await diarizer?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('finds the four speakers of the demo, with known voices, progress and bounds on the count', async () => {
    const stages = new Set<string>();
    const audio = { samples: conversation, sampleRate: RATE };
    const free = await diarizer.diarize(audio, { onProgress: ({ stage }) => stages.add(stage) });
    const score = scoreDiarization({ uri: 'x', turns: await demoTurns() }, { uri: 'x', turns: free.turns }).total;
    expect(free.speakers).toHaveLength(4);
    expect(score.der).toBeLessThan(7);
    expect([...stages]).toEqual(['model', 'cluster', 'done']);
    expect(free.model).toMatchObject({ id: 'accurate', space: 'campplus-zh-en/1' });
    const exact = await diarizer.diarize(audio, { numSpeakers: 4 });
    expect(exact.turns).toEqual(free.turns);
    const loose = await diarizer.diarize(audio, { minSpeakers: 2, maxSpeakers: 9 });
    expect(loose.turns).toEqual(free.turns);
    const two = await diarizer.diarize(audio, { numSpeakers: 2 });
    expect(two.speakers).toHaveLength(2);
    const known = free.speakers.slice(0, 2).map(({ embedding }, i) => {
      return { name: `Voice ${i}`, embedding, space: 'campplus-zh-en/1' };
    });
    const named = await diarizer.diarize(audio, { known });
    expect(named.speakers.slice(0, 2).map(({ name }) => name)).toEqual(['Voice 0', 'Voice 1']);
    await expect(
      diarizer.diarize(audio, { known: [{ ...(known[0] as (typeof known)[number]), space: 'fast-cnn/1' }] }),
    ).rejects.toMatchObject({ code: 'invalid-option' });
  });

  it('takes the step of the windows from its own manifest', async () => {
    const model = await modelFromFolder(folder);
    const manifest = { ...model.manifest, settings: { ...model.manifest.settings, hop: 0.33 } };
    await expect(createDiarizer({ model: { ...model, manifest }, backend: 'node' })).rejects.toMatchObject({
      code: 'model-incompatible',
      message: expect.stringContaining('settings.hop is 0.33 s'),
    });
  });

  it('returns the same turns within 10 ms in WebAssembly', async () => {
    const audio = { samples: conversation.subarray(0, 30 * RATE), sampleRate: RATE };
    const native = await diarizer.diarize(audio);
    const web = await createDiarizer({ model: await modelFromFolder(folder), backend: 'wasm' });
    try {
      const { turns } = await web.diarize(audio);
      expect(turns.map(({ speaker }) => speaker)).toEqual(native.turns.map(({ speaker }) => speaker));
      turns.forEach((turn, i) => {
        expect(Math.abs(turn.start - (native.turns[i]?.start ?? 0))).toBeLessThan(0.0101);
        expect(Math.abs(turn.end - (native.turns[i]?.end ?? 0))).toBeLessThan(0.0101);
      });
    } finally {
      await web.close();
    }
  });

  it.each([
    ['one second', () => tone(1, [220])],
    ['one sample', () => new Float32Array(1)],
    ['silence', () => new Float32Array(12 * RATE)],
    ['music', () => tone(12, [261.6, 329.6, 392, 523.3])],
  ])('accepts %s', async (_, audio) => {
    const samples = audio();
    const { turns, duration, warnings, speakers } = await diarizer.diarize({ samples, sampleRate: RATE });
    expect(duration).toBeCloseTo(samples.length / RATE, 6);
    expect(turns.every(({ start, end }) => start >= 0 && end <= duration && end > start)).toBe(true);
    if (turns.length === 0) expect(warnings.map(({ code }) => code)).toContain('audio-silent');
    expect(speakers.length).toBeLessThan(3);
  });

  it('accepts one second of speech, one speaker, and 8 kHz', async () => {
    const start = 2 * RATE;
    const second = await diarizer.diarize({ samples: conversation.subarray(start, start + RATE), sampleRate: RATE });
    expect(second.speakers).toHaveLength(1);
    const one = await diarizer.diarize({ samples: conversation.subarray(0.6 * RATE, 6.4 * RATE), sampleRate: RATE });
    expect(one.speakers).toHaveLength(1);
    const resampler = createResampler(RATE, RATE / 2);
    const low = resampler.push(conversation).slice();
    const telephone = await diarizer.diarize({ samples: low, sampleRate: RATE / 2 });
    // Of the four synthesizers' voices two are told apart in a telephone's band (docs/accuracy.md).
    expect(telephone.speakers.length).toBeGreaterThanOrEqual(2);
    expect(telephone.speakers.length).toBeLessThanOrEqual(4);
  });

  it.skipIf(!readers)('separates ten speakers who read in turn', async () => {
    const samples = await readersInTurn(readers as string, 2);
    const { speakers } = await diarizer.diarize({ samples, sampleRate: RATE });
    expect(speakers).toHaveLength(READERS.length);
    for (const { seconds } of speakers) expect(Math.abs(seconds - 18)).toBeLessThan(4);
  });

  it('returns an embedding of a segment', async () => {
    const audio = { samples: conversation, sampleRate: RATE };
    const segments = [
      { start: 1, end: 5 },
      { start: 26.5, end: 28.5 },
      { start: 6.3, end: 8.6 },
    ];
    const [a, again, other] = (await diarizer.embed(audio, { segments })) as [Float32Array, Float32Array, Float32Array];
    const cosine = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);
    expect(a).toHaveLength(192);
    expect(cosine(a, again)).toBeGreaterThan(cosine(a, other) + 0.3);
  });

  it('stops on abort, and rejects live sessions', async () => {
    const controller = new AbortController();
    const running = diarizer.diarize(
      { samples: conversation, sampleRate: RATE },
      { signal: controller.signal, onProgress: () => controller.abort() },
    );
    await expect(running).rejects.toMatchObject({ code: 'aborted' });
    expect(() => diarizer.open({ sampleRate: RATE })).toThrow(/for recordings/);
  });

  it('requires a segmentation network and a window network', async () => {
    const pack = await modelFromFolder(folder);
    const { windows: _, ...alone } = pack;
    await expect(createDiarizer({ model: alone, backend: 'node' })).rejects.toThrow(/no network for windows/);
    const { segmenter: __, ...deaf } = pack;
    await expect(createDiarizer({ model: deaf, backend: 'node' })).rejects.toThrow(/no segmentation network/);
  });

  it('rejects weights that do not match its manifest', async () => {
    const pack = await modelFromFolder(folder);
    const broken = { ...pack, read: async () => new Uint8Array(10) };
    await expect(createDiarizer({ model: broken, backend: 'node' })).rejects.toMatchObject({ code: 'model-corrupt' });
  });

  it('finds four speakers in the conversation repeated to more than half an hour', async () => {
    // At this length, two voices merged before the fragments of a third (decision 066).
    const times = 28;
    const samples = new Float32Array(times * conversation.length);
    for (let i = 0; i < times; i++) samples.set(conversation, i * conversation.length);
    const { speakers } = await diarizer.diarize({ samples, sampleRate: RATE });
    expect(speakers).toHaveLength(4);
  });
});
