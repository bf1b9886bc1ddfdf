import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDiarizer, type Diarizer } from 'voiceflow-ml';
import { nodeBackend } from 'voiceflow-ml/backends/node';
import { exclusiveTurns, type ModelManifest, parseRttm, type Turn } from 'voiceflow-ml/core';
import { modelFromFolder } from 'voiceflow-ml/installed';
import { scoreDiarization } from 'voiceflow-ml/metrics';
import {
  assignVoices,
  centroidLinkage,
  findVoices,
  finish,
  flatClusters,
  halfEven,
  maskedEmbedding,
  openAtPooling,
  pooledVoice,
  readPlda,
  reconstruct,
  toXVectorSpace,
  vbx,
} from 'voiceflow-ml/stages';
import { bytesOf, demoSamples, doublesOf, floatsOf, intsOf, shared, signedBytesOf } from './networks.ts';

/** Parity with pyannote.audio's speaker-diarization-community-1, stage by stage, from captures of the real one. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLIPS = ['sample2', 'clip3', 'clip4', 'callhome120'] as const;
const PLDA = [shared('models/pyannote/plda/xvec_transform.npz'), shared('models/pyannote/plda/plda.npz')] as const;
const segmentation = shared('models/pyannote/segmentation-3.0.onnx');
const resnet = shared('models/pyannote/random-resnet34/random-full.onnx.gz');
const there = CLIPS.every((clip) => shared('oracles/pyannote', clip, 'embeddings.f32')) && PLDA.every(Boolean);
const RULES = { threshold: 0.6, leastShare: 0.2, fa: 0.07, fb: 0.8, iterations: 20, smoothing: 7 };
const [FRAMES, SLOTS, DIMENSIONS] = [589, 3, 256];
const STEP = 270 / 16_000;
const FIRST = 495.5 / 16_000;

async function captureOf(clip: (typeof CLIPS)[number]) {
  const file = (name: string) => shared('oracles/pyannote', clip, name) as string;
  const whole = clip !== 'callhome120';
  const seg = await bytesOf(file(whole ? 'seg_captured.u8' : 'seg_hard.u8'));
  const embeddings = await floatsOf(file('embeddings.f32'));
  const heard = {
    windows: seg.length / FRAMES / SLOTS,
    frames: FRAMES,
    slots: SLOTS,
    startOf: (window: number) => halfEven(window / STEP),
    active: (window: number) => seg.subarray(window * FRAMES * SLOTS, (window + 1) * FRAMES * SLOTS),
    voice: (row: number) => embeddings.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS),
  };
  const rows = whole
    ? pairs(await intsOf(file('vbx_train_idx.i32')))
    : zip(await intsOf(file('vbx_train_chunk_idx.i32')), await intsOf(file('vbx_train_speaker_idx.i32')));
  return { file, whole, heard, rows, space: readPlda(await bytesOf(PLDA[0] ?? ''), await bytesOf(PLDA[1] ?? '')) };
}

const zip = (windows: Int32Array, slots: Int32Array) =>
  Array.from(windows, (window, i) => window * SLOTS + (slots[i] as number));
const pairs = (flat: Int32Array) =>
  zip(
    flat.filter((_, i) => i % 2 === 0),
    flat.filter((_, i) => i % 2 === 1),
  );
const far = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] ?? Number.NaN))), 0);
const derOf = (reference: readonly Turn[], turns: readonly Turn[]) =>
  scoreDiarization({ uri: 'x', turns: reference }, { uri: 'x', turns }).total.der ?? Number.NaN;

describe.skipIf(!there)('recorded outputs of the reference', () => {
  it.each(CLIPS)('%s: the same local speakers are clustered, and AHC returns the same labels', async (clip) => {
    const { file, heard, rows, space } = await captureOf(clip);
    const voices = finish(findVoices(heard, space, RULES));
    expect([...voices.rows]).toEqual(rows);
    const linkage = finish(centroidLinkage(voices.units));
    const expected = await doublesOf(file('vbx_linkage.f64'));
    const column = (at: number) => expected.filter((_, i) => i % 4 === at);
    expect([...linkage.a]).toEqual([...column(0)]);
    expect([...linkage.b]).toEqual([...column(1)]);
    expect(far(linkage.distance, column(2))).toBeLessThan(1e-6);
    expect([...flatClusters(linkage, RULES.threshold)]).toEqual([...(await intsOf(file('vbx_ahc.i32')))]);
  });

  it.each(CLIPS)('%s: PLDA within 1e-9 up to the sign of a dimension; VBx posteriors within 1e-6', async (clip) => {
    const { file, whole, heard, rows, space } = await captureOf(clip);
    const features = await doublesOf(file('vbx_fea.f64'));
    const own = rows.map((row) => toXVectorSpace(space, heard.voice(row)));
    for (let d = 0; d < space.to; d++) {
      const column = own.map((voice) => voice[d] as number);
      const expected = own.map((_, i) => features[i * space.to + d] as number);
      expect(
        Math.min(
          far(column, expected),
          far(
            column,
            expected.map((x) => -x),
          ),
        ),
      ).toBeLessThan(1e-9);
    }
    const between = await doublesOf(file(whole ? 'vbx_phi.f64' : 'vbx_Phi.f64'));
    expect(far(space.between, between)).toBeLessThan(1e-9);
    const captured = rows.map((_, i) => features.slice(i * space.to, (i + 1) * space.to));
    const { responsibilities, priors, bounds } = finish(
      vbx(captured, between, await intsOf(file('vbx_ahc.i32')), RULES),
    );
    const gamma = await doublesOf(file(whole ? 'vbx_gamma.f64' : 'vbx_gamma_last.f64'));
    expect(responsibilities.length).toBe(gamma.length);
    expect(far(responsibilities, gamma)).toBeLessThan(1e-6);
    if (!whole) return;
    expect(far(priors, await doublesOf(file('vbx_pi.f64')))).toBeLessThan(1e-6);
    const elbo = await doublesOf(file('vbx_elbo.f64'));
    expect(bounds).toHaveLength(elbo.length);
    expect(far(bounds, elbo)).toBeLessThan(1e-6);
  });

  it.each(CLIPS)('%s: the same assignment, frames, RTTM and exclusive RTTM', async (clip) => {
    const { file, whole, heard, space } = await captureOf(clip);
    const { clusterOf, centroids } = finish(assignVoices(finish(findVoices(heard, space, RULES))));
    const hard = await signedBytesOf(file(whole ? 'vbx_hard.i8' : 'hard_final.i8'));
    // Those who say nothing have no cluster here, and any at this stage there.
    clusterOf.forEach((cluster, row) => {
      if (cluster >= 0) expect(cluster).toBe(hard[row]);
    });
    const turnsOf = (most?: number) =>
      finish(reconstruct(heard, clusterOf, centroids.length, most)).map(({ start, end, speaker }) => {
        return { start: start * STEP + FIRST, end: end * STEP + FIRST, speaker: `${speaker}` };
      });
    const frames = await bytesOf(file(whole ? 'vbx_discrete.u8' : 'discrete.u8'));
    const speakers = frames.length / (await bytesOf(file('count.u8'))).length;
    const own = new Uint8Array(frames.length);
    for (const { start, end, speaker } of finish(reconstruct(heard, clusterOf, centroids.length))) {
      for (let frame = start; frame < end; frame++) own[frame * speakers + speaker] = 1;
    }
    expect(own.findIndex((on, i) => on !== frames[i])).toBe(-1);
    if (!whole) return;
    const rttm = async (name: string) => parseRttm(await readFile(file(name), 'utf8'))[0]?.turns ?? [];
    // RTTM has milliseconds.
    expect(derOf(await rttm('vbx.rttm'), turnsOf())).toBeLessThan(0.1);
    expect(derOf(await rttm('vbx.exclusive.rttm'), turnsOf(1))).toBeLessThan(0.1);
    expect(derOf(await rttm('vbx.exclusive.rttm'), exclusiveTurns(turnsOf()))).toBeLessThan(10);
  });
});

describe.skipIf(!resnet)('masked pooling of a ResNet34', { timeout: 120_000 }, () => {
  it('returns the embeddings of PyTorch, with and without masks', async () => {
    const file = (name: string) => shared('models/pyannote/random-resnet34', name) as string;
    const network = openAtPooling(new Uint8Array(gunzipSync(await bytesOf(resnet as string))), 'random-full.onnx');
    const model = await nodeBackend().load({ name: 'resnet', bytes: network.bytes });
    const manifest = JSON.parse(await readFile(join(ROOT, 'models/pyannote/manifest.json'), 'utf8')) as ModelManifest;
    const embedding = maskedEmbedding(manifest, model, network);
    const features = await floatsOf(file('feats.f32'));
    const masks = await floatsOf(file('mask589.f32'));
    const expected = [
      await floatsOf(file('embedding_full.f32')),
      await floatsOf(file('embedding_masked.f32')),
    ] as const;
    const size = features.length / 2;
    for (const row of [0, 1]) {
      // Not by `poolable`, which takes the mean away: these features have one.
      const data = features.slice(row * size, (row + 1) * size);
      const outputs = await model.run({ [embedding.input]: { type: 'float32', dims: [1, size / 80, 80], data } });
      const pooled = { data: outputs[network.features]?.data as Float32Array, frames: 125 };
      const all = new Uint8Array(FRAMES).fill(1);
      const mask = masks.subarray(row * FRAMES, (row + 1) * FRAMES);
      const voice = (of: Float32Array) => of.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS);
      expect(far(pooledVoice(pooled, all, network.head), voice(expected[0]))).toBeLessThan(1e-3);
      expect(far(pooledVoice(pooled, mask, network.head), voice(expected[1]))).toBeLessThan(1e-3);
    }
    await model.close();
  });
});

describe.skipIf(!resnet || !segmentation || !there)('the model pyannote', { timeout: 300_000 }, () => {
  let folder = '';
  let diarizer: Diarizer;
  let audio: { samples: Float32Array; sampleRate: number };
  /** The model as it is pulled; the trained ResNet34 cannot be had here: one with random weights stands in. */
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'voiceflow-pyannote-'));
    const manifest = JSON.parse(await readFile(join(ROOT, 'models/pyannote/manifest.json'), 'utf8')) as ModelManifest;
    const random = gunzipSync(await bytesOf(resnet as string));
    await writeFile(join(folder, 'wespeaker-resnet34-lm.onnx'), random);
    await symlink(segmentation as string, join(folder, 'segmentation-3.0.onnx'));
    await symlink(PLDA[0] ?? '', join(folder, 'xvec_transform.npz'));
    await symlink(PLDA[1] ?? '', join(folder, 'plda.npz'));
    const entry = (bytes: Uint8Array) => {
      return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    };
    const own = {
      ...manifest,
      files: { ...manifest.files, 'wespeaker-resnet34-lm.onnx': entry(random) },
      segmenter: {
        ...manifest.segmenter,
        files: { 'segmentation-3.0.onnx': entry(await bytesOf(segmentation as string)) },
      },
    };
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(own));
    diarizer = await createDiarizer({ model: await modelFromFolder(folder), backend: 'node' });
    audio = {
      samples: (await demoSamples()).subarray(0, 176_000),
      sampleRate: 16_000,
    };
  });
  afterAll(async () => {
    await diarizer?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('processes audio to turns, within the bounds', async () => {
    const stages = new Set<string>();
    const free = await diarizer.diarize(audio, { onProgress: ({ stage }) => stages.add(stage) });
    expect([...stages]).toEqual(['model', 'cluster', 'done']);
    expect(free.model).toMatchObject({ id: 'pyannote', space: 'wespeaker-resnet34-lm' });
    expect(free.turns.length).toBeGreaterThan(2);
    expect(free.turns.every(({ start, end }) => start >= 0 && end > start && end <= free.duration)).toBe(true);
    expect(free.turns.every(({ confidence = -1 }) => confidence >= 0 && confidence <= 1)).toBe(true);
    const found = free.speakers.length;
    expect((await diarizer.diarize(audio, { numSpeakers: found })).turns).toEqual(free.turns);
    expect((await diarizer.diarize(audio, { numSpeakers: 1 })).speakers).toHaveLength(1);
    const more = await diarizer.diarize(audio, { numSpeakers: found + 1 });
    const reached = more.speakers.length === found + 1;
    expect(more.warnings.some(({ code }) => code === 'speaker-count-unreached')).toBe(!reached);
  });

  it('accepts silence and a single sample, and returns an embedding of a segment', async () => {
    const silent = await diarizer.diarize({ samples: new Float32Array(16_000), sampleRate: 16_000 });
    expect(silent.warnings.map(({ code }) => code)).toContain('audio-silent');
    expect((await diarizer.diarize({ samples: new Float32Array(1), sampleRate: 16_000 })).turns).toEqual([]);
    const [voice] = await diarizer.embed(audio, { segments: [{ start: 1, end: 5 }] });
    expect(voice).toHaveLength(DIMENSIONS);
    expect(() => diarizer.open({ sampleRate: 16_000 })).toThrow(/for recordings/);
  });

  it('rejects a PLDA that does not match its manifest', async () => {
    const pack = await modelFromFolder(folder);
    const broken = { ...pack, readFile: async () => new Uint8Array(133_852) };
    await expect(createDiarizer({ model: broken, backend: 'node' })).rejects.toMatchObject({ code: 'model-corrupt' });
    const { readFile: _, ...alone } = pack;
    await expect(createDiarizer({ model: alone, backend: 'node' })).rejects.toMatchObject({ code: 'model-not-found' });
  });
});
