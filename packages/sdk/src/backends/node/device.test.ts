import { expect, it } from 'vitest';
import { createDiarizer } from 'voiceflow-ml';
import { nodeBackend } from 'voiceflow-ml/backends/node';
import { affineModel } from 'voiceflow-ml/testing';
import { checkDevice } from '../device.ts';

/** One that no machine has: Core ML outside of macOS, Direct3D on it. */
const ABSENT = process.platform === 'darwin' ? 'directml' : 'coreml';
const model = () => ({ name: 'affine', bytes: affineModel() });

for (const mode of ['threads', 'in-process'] as const) {
  it(`reports that a device is not available (${mode})`, async () => {
    await expect(nodeBackend({ mode, device: ABSENT }).load(model())).rejects.toMatchObject({
      code: 'backend-unavailable',
      message: expect.stringContaining(`the device ${ABSENT} cannot be used here`),
      hint: expect.stringContaining('omit `device`'),
    });
  });
}

it('reports a corrupt model for any device', async () => {
  const broken = { name: 'broken', bytes: Uint8Array.of(1, 2, 3) };
  await expect(nodeBackend({ device: ABSENT }).load(broken)).rejects.toMatchObject({ code: 'model-incompatible' });
});

it('lists the known devices for untyped programs', () => {
  for (const device of ['gpu', 'toString', 3, null]) {
    expect(() => checkDevice(device)).toThrow(
      `device is ${JSON.stringify(device)}, expected one of cpu, webgpu, cuda, coreml, directml`,
    );
  }
});

it('falls back to the CPU in a diarizer, with a warning', async () => {
  const diarizer = await createDiarizer({ device: ABSENT, workers: 1 });
  try {
    const { warnings, backend } = await diarizer.diarize({ samples: new Float32Array(16_000), sampleRate: 16_000 });
    expect(backend).toBe('node');
    expect(warnings).toContainEqual({
      code: 'backend-fallback',
      message: expect.stringMatching(`the device ${ABSENT} cannot be used here.*; the CPU runs the network instead`),
    });
  } finally {
    await diarizer.close();
  }
});

it('rejects a device for another backend', async () => {
  await expect(createDiarizer({ device: 'cuda', backend: 'wasm' })).rejects.toMatchObject({ code: 'invalid-option' });
});
