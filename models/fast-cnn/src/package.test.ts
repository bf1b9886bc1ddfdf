import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fastCnn, fastCnnFrom } from '@voiceflow-ml/fast-cnn';
import { describe, expect, it } from 'vitest';
import { nodeBackend } from 'voiceflow-ml/backends/node';
import { type ModelPackage, type Tensor, VoiceFlowError } from 'voiceflow-ml/core';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));

describe('the model package', () => {
  it('returns the weights that its manifest describes', async () => {
    const bytes = await fastCnn.read();
    const described = fastCnn.manifest.files[fastCnn.file];
    expect(bytes.length).toBe(described?.bytes);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(described?.sha256);
  });

  it("describes the network's inputs and outputs", async () => {
    const model = await nodeBackend().load({ name: 'fast-cnn', bytes: await fastCnn.read() }, { workers: 1 });
    expect(model.inputs).toEqual(fastCnn.manifest.inputs);
    const rows = 3;
    const concrete = (dims: readonly (number | string)[]) => dims.map((size) => (size === 'N' ? rows : size));
    const feeds = fastCnn.manifest.inputs.map(({ name, dims }): [string, Tensor] => {
      const sizes = concrete(dims).map(Number);
      const data = new Float32Array(sizes.reduce((a, b) => a * b, 1));
      return [name, { type: 'float32', dims: sizes, data }];
    });
    const outputs = await model.run(Object.fromEntries(feeds));
    const given = Object.entries(outputs).map(([name, { type, dims }]) => ({ name, type, dims }));
    const described = fastCnn.manifest.outputs.map((output) => ({ ...output, dims: concrete(output.dims) }));
    expect(given).toEqual(described);
    await model.close();
  });

  it('accepts weights as bytes or as a buffer', async () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(await fastCnnFrom(bytes).read()).toEqual(bytes);
    expect(await fastCnnFrom(bytes.buffer).read()).toEqual(bytes);
    expect(fastCnnFrom(bytes).manifest).toBe(fastCnn.manifest);
  });

  it('stops reading on abort', async () => {
    await expect(fastCnn.read(AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('missing weights', () => {
  /** What the built entry says in a place of its own, without the weights beside it. */
  async function readAlone(file: string): Promise<unknown> {
    const folder = mkdtempSync(join(tmpdir(), 'voiceflow-fast-cnn-'));
    mkdirSync(join(folder, 'dist'));
    try {
      for (const name of readdirSync(DIST).filter((one) => /\.js(\.map)?$/.test(one))) {
        copyFileSync(join(DIST, name), join(folder, 'dist', name));
      }
      const modules = join(folder, 'node_modules');
      mkdirSync(modules, { recursive: true });
      const sdk = fileURLToPath(new URL('../../../packages/sdk', import.meta.url));
      symlinkSync(sdk, join(modules, 'voiceflow-ml'), 'junction');
      const module = (await import(pathToFileURL(join(folder, 'dist', file)).href)) as { fastCnn: ModelPackage };
      return await module.fastCnn.read().catch((reason: unknown) => reason);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  it('are model-not-found with the path, on a server', async () => {
    const error = await readAlone('node.js');
    expect(VoiceFlowError.isInstance(error) && error.code).toBe('model-not-found');
    expect(String(error)).toContain('fast-cnn.onnx');
  });

  it('are read also when a program without types passes null as signal', async () => {
    expect((await fastCnn.read(null as unknown as undefined)).length).toBe(fastCnn.manifest.files[fastCnn.file]?.bytes);
  });

  it('are model-not-found with the URL, in a page', async () => {
    // Node's fetch refuses file: addresses, as a page's does.
    const error = await readAlone('index.js');
    expect(VoiceFlowError.isInstance(error) && error.code).toBe('model-not-found');
    expect(String(error)).toContain('file:');
  });
});
