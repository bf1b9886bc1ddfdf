import { describe, expect, it, vi } from 'vitest';
import type { AudioSource } from './contract/audio.ts';
import type { Backend, TensorInfo } from './contract/backend.ts';
import { type CreateDiarizerOptions, createDiarizer } from './diarizer.ts';
import {
  conversation,
  manifest,
  RATE,
  script,
  scriptedBackend,
  scriptedModel,
  scriptedPackage,
  sourceOf,
} from './stages/fixtures/scripted.ts';

const create = (options: Partial<CreateDiarizerOptions> = {}) =>
  createDiarizer({ model: scriptedPackage(), backend: scriptedBackend(), ...options });

vi.mock('./audio/open.ts', () => ({
  openAudio: async (input: AudioSource) => input,
  openChannels: async (input: AudioSource) => [input],
}));

describe('loading', () => {
  it('rejects weights with another length or hash', async () => {
    const model = (bytes: Uint8Array<ArrayBuffer>) => ({ model: scriptedPackage({}, bytes) });
    await expect(create(model(Uint8Array.of(1, 2)))).rejects.toMatchObject({ code: 'model-corrupt' });
    await expect(create(model(Uint8Array.of(1, 2, 4)))).rejects.toMatchObject({
      code: 'model-corrupt',
      message: expect.stringMatching(/SHA-256 [0-9a-f]{64}, expected 039058c6[0-9a-f]{56} as in the manifest/),
    });
  });

  it('warns if the runtime cannot verify the hash', async () => {
    const subtle = vi.spyOn(globalThis.crypto, 'subtle', 'get').mockReturnValue(undefined as unknown as SubtleCrypto);
    try {
      const diarizer = await create({ model: scriptedPackage({}, Uint8Array.of(9, 9, 9)) });
      const { warnings } = await diarizer.diarize(sourceOf(script(conversation(3, 40, 5), 40), RATE, 333));
      expect(warnings.map(({ code }) => code)).toEqual(['model-unverified']);
      await diarizer.close();
    } finally {
      subtle.mockRestore();
    }
  });

  it.each<[string, Parameters<typeof scriptedPackage>[0], RegExp]>([
    ['a manifest without an input', { inputs: [] }, /must list "audio" in inputs/],
    [
      'slots that differ',
      { outputs: [tensor('embeddings', 3, 16), tensor('activity', 50, 2)] },
      /3 slots but activity has 2/,
    ],
    ['a hop that is no whole frame', settings({ hop: 0.25 }), /settings.hop is 0.25/],
    ['a missing setting', settings({ cluster: {} }), /settings.cluster.rate is absent, expected a number from/],
    ['a setting out of range', settings({ known: 3 }), /settings.known is 3, expected a number from -1 to 1/],
    ['a voice space of another size', settings({ voices: { ...voices(), between: [1] } }), /settings.voices is 16 × 1/],
    ['numbers that are not packed', settings({ voices: { ...voices(), mean: 'AAAA' } }), /settings.voices.mean/],
    [
      'an embedding of another size',
      { outputs: [tensor('embeddings', 2, 32), tensor('activity', 50, 2)] },
      /expected "embeddings" to be float32 \[N, 2, 32\]/,
    ],
  ])('rejects %s, and closes the model', async (_, change, message) => {
    const model = scriptedModel();
    const close = vi.spyOn(model, 'close');
    const call = create({ model: scriptedPackage(change), backend: scriptedBackend({}, model) });
    await expect(call).rejects.toMatchObject({ code: 'model-incompatible', message: expect.stringMatching(message) });
    expect(close).toHaveBeenCalledOnce();
  });

  it('rejects an unknown pipeline before loading', async () => {
    const model = scriptedModel();
    const backend = scriptedBackend({}, model);
    const load = vi.spyOn(backend, 'load');
    const call = create({ model: scriptedPackage({ pipeline: 'whisper' }), backend });
    await expect(call).rejects.toMatchObject({
      code: 'model-incompatible',
      message: expect.stringMatching(
        /needs the pipeline "whisper"; this version has: fast-cnn, recordings, joined, pyannote$/,
      ),
    });
    expect(load).not.toHaveBeenCalled();
  });

  it('rejects invalid options before loading', async () => {
    const load = vi.fn<Backend['load']>();
    const backend = { ...scriptedBackend(), load };
    await expect(create({ backend, workers: 0 })).rejects.toMatchObject({ code: 'invalid-option' });
    await expect(create({ backend, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
    await expect(create({ backend, model: { ...scriptedPackage(), file: 'other.onnx' } })).rejects.toMatchObject({
      code: 'model-not-found',
    });
    expect(load).not.toHaveBeenCalled();
  });
});

function tensor(name: string, ...sizes: number[]): TensorInfo {
  return { name, type: 'float32', dims: ['N', ...sizes] };
}

function settings(change: Readonly<Record<string, unknown>>) {
  return { settings: manifest(change).settings };
}

function voices(): object {
  return manifest().settings.voices as object;
}
