import { afterEach, describe, expect, it } from 'vitest';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { createDiarizer as createInPage } from '../dist/index.js';
import { createDiarizer, type Diarizer, fastCnn, wasmBackend } from '../dist/node.js';

const audio = { samples: new Float32Array(16_000), sampleRate: 16_000 };

let diarizer: Diarizer | undefined;
afterEach(() => diarizer?.close());

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return VoiceFlowError.isInstance(error) ? error.code : `not a VoiceFlowError: ${String(error)}`;
}

describe('createDiarizer on a server', () => {
  it('without arguments uses the embedded model and the native backend', async () => {
    diarizer = await createDiarizer();
    expect(diarizer.manifest).toBe(fastCnn.manifest);
    expect(diarizer.backend).toBe('node');
    const { backend, warnings } = await diarizer.diarize(audio);
    expect(backend).toBe('node');
    expect(warnings.map(({ code }) => code)).not.toContain('backend-fallback');
  });

  it('accepts a backend by name', async () => {
    diarizer = await createDiarizer({ backend: 'wasm' });
    expect(diarizer.backend).toBe('wasm');
  });

  it('accepts a custom backend', async () => {
    diarizer = await createDiarizer({ backend: { ...wasmBackend(), name: 'mine' } });
    expect(diarizer.backend).toBe('mine');
  });

  it.each(['gpu', 'toString', ''])('rejects the backend "%s"', async (backend) => {
    expect(await codeOf(createDiarizer({ backend: backend as 'wasm' }))).toBe('invalid-option');
  });

  const circular: Record<string, unknown> = {};
  circular.own = circular;

  it.each([null, {}, [], 'light', 1n, circular, () => {}])('rejects the model %o', async (model) => {
    expect(await codeOf(createDiarizer({ model: model as never }))).toBe('invalid-option');
  });

  it('rejects the name of a model', async () => {
    const model = 'accurate' as unknown as typeof fastCnn;
    await expect(createDiarizer({ model })).rejects.toMatchObject({
      code: 'invalid-option',
      hint: 'pass await installedModel("accurate"), which is in voiceflow-ml/installed',
    });
  });

  it('reports a corrupt model instead of trying another backend', async () => {
    const model = { ...fastCnn, read: async () => new Uint8Array(10) };
    expect(await codeOf(createDiarizer({ model }))).toBe('model-corrupt');
  });

  it('stops on abort', async () => {
    expect(await codeOf(createDiarizer({ signal: AbortSignal.abort() }))).toBe('aborted');
  });
});

describe('createDiarizer in a page', () => {
  it('reports that the native backend is not available in pages', async () => {
    expect(await codeOf(createInPage({ backend: 'node' }))).toBe('backend-unavailable');
  });

  it('rejects unknown backends', async () => {
    expect(await codeOf(createInPage({ backend: 'gpu' as 'wasm' }))).toBe('invalid-option');
  });
});
