import { describe, expect, it, vi } from 'vitest';
import type { AudioSource } from './contract/audio.ts';
import type { DiarizeOptions, KnownVoice, Progress } from './contract/options.ts';
import { createDiarizer } from './diarizer.ts';
import { scoreDiarization } from './metrics/score.ts';
import {
  conversation,
  RATE,
  type ScriptedOptions,
  script,
  scriptedBackend,
  scriptedPackage,
  sourceOf,
} from './stages/fixtures/scripted.ts';

const create = (scripted: ScriptedOptions = {}) =>
  createDiarizer({ model: scriptedPackage(), backend: scriptedBackend(scripted) });

const reference = conversation(3, 40, 5);
const samples = script(reference, 40);

/** The core's resampler serves 8 kHz and more; the scripted network's rate is given as a source of its own. */
const source = (from = samples, chunk = 333) => sourceOf(from, RATE, chunk);

vi.mock('./audio/open.ts', () => ({
  openAudio: async (input: AudioSource) => input,
  openChannels: async (input: AudioSource) => [input],
}));

describe('createDiarizer', () => {
  it('diarizes, and reports the load time in the first result only', async () => {
    const diarizer = await create();
    const first = await diarizer.diarize(source());
    const second = await diarizer.diarize(source());
    expect(scoreDiarization(reference, first.turns).total.der).toBeLessThan(6);
    expect(second.turns).toEqual(first.turns);
    expect(first.timings.load).toBeGreaterThan(0);
    expect(second.timings.load).toBe(0);
    for (const { decode, model, cluster, total } of [first.timings, second.timings]) {
      expect(decode + model + cluster).toBeLessThanOrEqual(total);
    }
    expect([first.duration, first.backend, first.model]).toEqual([
      40,
      'scripted',
      { id: 'scripted', version: '1', space: 'scripted/1' },
    ]);
    await diarizer.close();
  });

  it('returns the same result for any concurrency, chunk size and order of completion', async () => {
    const turns = [];
    for (const [concurrency, chunk] of [
      [1, 333],
      [4, 7000],
      [3, 50],
    ] as const) {
      const before = (run: number) => new Promise<void>((done) => setTimeout(done, (run * 7) % 5));
      const diarizer = await create({ concurrency, before });
      turns.push((await diarizer.diarize(source(samples, chunk))).toRTTM());
      await diarizer.close();
    }
    expect(new Set(turns).size).toBe(1);
  });

  it('keeps at most concurrency + 1 runs in flight', async () => {
    let running = 0;
    let most = 0;
    const diarizer = await create({
      concurrency: 2,
      before: async () => {
        most = Math.max(most, ++running);
        await new Promise((done) => setTimeout(done, 1));
        running--;
      },
    });
    await diarizer.diarize(source());
    expect(most).toBe(3);
    await diarizer.close();
  });

  it('reports progress', async () => {
    const seen: Progress[] = [];
    const diarizer = await create();
    await diarizer.diarize(source(), { onProgress: (progress) => seen.push(progress) });
    const model = seen.filter(({ stage }) => stage === 'model').map(({ done }) => done);
    expect(model).toEqual([...model].sort((a, b) => a - b));
    expect(model.at(-1)).toBeLessThanOrEqual(40);
    expect(seen.slice(-2)).toEqual([
      { stage: 'cluster', done: 0, total: 40 },
      { stage: 'done', done: 40, total: 40 },
    ]);
    await diarizer.close();
  });

  it('reports progress with an embedding network, too', async () => {
    const seen: Progress[] = [];
    const diarizer = await create();
    await diarizer.embed(source(), { onProgress: (progress) => seen.push(progress) });
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.at(-1)).toMatchObject({ stage: 'model', total: 40 });
    await diarizer.close();
  });

  it('stops within one step of an abort, with its reason, and remains usable', async () => {
    const controller = new AbortController();
    let runs = 0;
    const diarizer = await create({
      before: (run) => {
        runs = run;
        if (run === 3) controller.abort(new Error('enough'));
      },
    });
    const call = diarizer.diarize(source(), { signal: controller.signal });
    await expect(call).rejects.toMatchObject({ code: 'aborted', cause: new Error('enough') });
    expect(runs).toBeLessThanOrEqual(5);
    await expect(diarizer.diarize(source(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
    expect((await diarizer.diarize(source())).speakers).toHaveLength(3);
    await diarizer.close();
  });

  it('does not wait for pending audio after an abort', async () => {
    const controller = new AbortController();
    const diarizer = await create();
    const silent = { ...source(), read: () => new Promise<null>(() => {}) };
    const call = diarizer.diarize(silent, { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    await expect(call).rejects.toMatchObject({ code: 'aborted' });
    await diarizer.close();
  });

  it('runs calls concurrently; close waits for them', async () => {
    const diarizer = await create({ before: () => new Promise((done) => setTimeout(done, 1)) });
    const calls = [diarizer.diarize(source()), diarizer.diarize(source()), diarizer.embed(source())] as const;
    await diarizer.close();
    const [first, second] = await Promise.all(calls);
    expect(first.turns).toEqual(second.turns);
    await diarizer.close();
    await expect(diarizer.diarize(source())).rejects.toMatchObject({ code: 'closed' });
    await expect(diarizer.embed(source())).rejects.toMatchObject({ code: 'closed' });
    await using disposed = await create();
    expect(disposed.backend).toBe('scripted');
  });

  it('embeds only a mix or one channel', async () => {
    const diarizer = await create();
    const channels = 'separate' as 'mix';
    await expect(diarizer.embed(source(), { channels })).rejects.toMatchObject({ code: 'invalid-option' });
    await diarizer.close();
  });

  it.each([null, 5, 'Ada', {}, { name: 10n }])('rejects %o as a known voice', async (voice) => {
    const diarizer = await create();
    const known = [voice as unknown as KnownVoice];
    await expect(diarizer.diarize(source(), { known })).rejects.toMatchObject({ code: 'invalid-option' });
    await diarizer.close();
  });

  it.each([{ signal: 5 }, { signal: {} }, { onProgress: 5 }])('rejects %o', async (wrong) => {
    const diarizer = await create();
    const rejected = { code: 'invalid-option' };
    await expect(diarizer.diarize(source(), wrong as object)).rejects.toMatchObject(rejected);
    await expect(diarizer.embed(source(), wrong as object)).rejects.toMatchObject(rejected);
    if ('signal' in wrong)
      expect(() => diarizer.open({ ...wrong, sampleRate: 48_000 } as never)).toThrow('AbortSignal');
    await diarizer.close();
  });

  it('takes null for no options', async () => {
    const diarizer = await create();
    const nothing = null as unknown as undefined;
    expect((await diarizer.diarize(source(), nothing)).speakers).toHaveLength(3);
    expect(await diarizer.embed(source(), nothing)).toHaveLength(1);
    await diarizer.close();
  });

  it('takes names of channels only for as many channels, also for one', async () => {
    const diarizer = await create();
    const diarize = (...channelNames: string[]) => diarizer.diarize(source(), { channels: 'separate', channelNames });
    await expect(diarize('agent', 'customer')).rejects.toMatchObject({
      code: 'invalid-option',
      message: 'channelNames is ["agent","customer"], but the audio has one channel',
    });
    const labels = (await diarize('agent')).speakers.map(({ label }) => label);
    expect(labels).toEqual(['agent_1', 'agent_2', 'agent_3']);
    await diarizer.close();
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -5, 0])('rejects a known voice with %d seconds', async (seconds) => {
    const diarizer = await create();
    const known = [{ name: 'Ada', embedding: Float32Array.of(1, 0), space: 'scripted/1', seconds }];
    const message = expect.stringContaining('seconds of speech');
    await expect(diarizer.diarize(source(), { known })).rejects.toMatchObject({ code: 'invalid-option', message });
    await diarizer.close();
  });

  it('returns the result even if the source cannot be closed', async () => {
    const diarizer = await create();
    const stuck = { ...source(), close: () => Promise.reject(new Error('stuck')) };
    expect((await diarizer.diarize(stuck)).speakers).toHaveLength(3);
    await diarizer.close();
  });

  it('passes on the error of a failed run', async () => {
    const diarizer = await create({
      before: (run) => {
        if (run === 2) throw Object.assign(new Error('worker died'), { code: 'backend-failed' });
      },
    });
    await expect(diarizer.diarize(source())).rejects.toMatchObject({ code: 'backend-failed' });
    expect((await diarizer.diarize(source())).speakers).toHaveLength(3);
    await diarizer.close();
  });

  it('embeds segments: cosines are high within a speaker and low across speakers', async () => {
    const diarizer = await create();
    const own = (name: string) => reference.filter(({ speaker, end, start }) => speaker === name && end - start > 1.5);
    const [a = [], b = []] = [own('0'), own('1')];
    const segments = [...a.slice(0, 2), ...b.slice(0, 1)];
    const [x, y, z] = (await diarizer.embed(source(), { segments })) as [Float32Array, Float32Array, Float32Array];
    const cosine = (p: Float32Array, q: Float32Array) => p.reduce((sum, v, i) => sum + v * (q[i] as number), 0);
    expect(cosine(x, x)).toBeCloseTo(1, 5);
    expect(cosine(x, y)).toBeGreaterThan(0.8);
    expect(cosine(x, z)).toBeLessThan(0.6);
    expect(await diarizer.embed(source())).toHaveLength(1);
    await expect(diarizer.embed(source(new Float32Array(900)))).rejects.toMatchObject({ code: 'invalid-audio' });
    await diarizer.close();
  });

  it('names known voices', async () => {
    const diarizer = await create();
    const segments = reference.filter(({ speaker }) => speaker === '1').slice(0, 1);
    const [embedding] = (await diarizer.embed(source(), { segments })) as [Float32Array];
    const known = [{ name: 'Ada', embedding, space: 'scripted/1' }];
    const { turns, speakers } = await diarizer.diarize(source(), { known });
    expect(speakers.filter(({ name }) => name === 'Ada')).toHaveLength(1);
    const score = scoreDiarization(reference, turns);
    expect(score.files.audio?.mapping.Ada).toBe('1');
    await diarizer.close();
  });

  it.each<[string, DiarizeOptions, RegExp]>([
    ['no speakers', { numSpeakers: 0 }, /numSpeakers is 0, expected a whole number from 1 to 100/],
    ['half a speaker', { minSpeakers: 1.5 }, /minSpeakers is 1.5/],
    ['too many', { maxSpeakers: 101 }, /maxSpeakers is 101/],
    ['text', { numSpeakers: '3' as unknown as number }, /numSpeakers is "3"/],
    ['exact with a bound', { numSpeakers: 2, maxSpeakers: 3 }, /numSpeakers \(2\) cannot be combined with maxSpeakers/],
    ['crossed bounds', { minSpeakers: 4, maxSpeakers: 3 }, /minSpeakers is 4, expected at most maxSpeakers \(3\)/],
    ['a book of voices', { known: {} as KnownVoice[] }, /the known voices are no list/],
    ['a voice of another space', { known: [{ name: 'A', embedding: Float32Array.of(1), space: 'x' }] }, /space "x"/],
  ])('rejects %s', async (_, options, message) => {
    const diarizer = await create();
    await expect(diarizer.diarize(source(), options)).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringMatching(message),
    });
    await diarizer.close();
  });

  it.each([[[]], [[{ start: 2, end: 1 }]], [[{ start: -1, end: 1 }]], [[{ start: 0, end: Number.NaN }]]])(
    'rejects segments %j',
    async (segments) => {
      const diarizer = await create();
      await expect(diarizer.embed(source(), { segments })).rejects.toMatchObject({ code: 'invalid-option' });
      await diarizer.close();
    },
  );
});
