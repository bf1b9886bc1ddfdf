import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeBackend } from 'voiceflow-ml/backends/node';
import { wasmBackend } from 'voiceflow-ml/backends/wasm';
import type { Backend, ModelPackage, Tensor } from 'voiceflow-ml/core';
import { modelFromFolder } from 'voiceflow-ml/installed';
import { bytesOf, demoSamples, modelFolder, shared } from './networks.ts';

/** The networks of `accurate` in the form in which they are loaded compute the same as they do as they are published. */

const segmentation = shared('models/pyannote/segmentation-3.0.onnx');
const campplus = shared('models/campplus/campplus-zh-en-common.fp16w.onnx');
const BINS = 80;

type Feed = Omit<Tensor, 'type'>;

async function outputsOf(backend: Backend, bytes: Uint8Array, feeds: readonly Feed[]): Promise<Float32Array[]> {
  const model = await backend.load({ name: 'network', bytes: new Uint8Array(bytes) }, { workers: 1 });
  try {
    const outputs: Float32Array[] = [];
    for (const feed of feeds) {
      // A run may take the data over, so each gets a copy.
      const tensor = { ...feed, type: 'float32', data: feed.data.slice() } as Tensor;
      const result = await model.run({ [model.inputs[0]?.name ?? '']: tensor });
      outputs.push(Object.values(result)[0]?.data as Float32Array);
    }
    return outputs;
  } finally {
    await model.close();
  }
}

describe.skipIf(!segmentation || !campplus)('rewritten networks', { timeout: 600_000 }, () => {
  let folder = '';
  let pack: ModelPackage;
  let conversation: Float32Array;

  beforeAll(async () => {
    folder = await modelFolder('models/accurate/manifest.json', segmentation as string, campplus);
    pack = await modelFromFolder(folder);
    conversation = await demoSamples();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const backends = { native: nodeBackend(), wasm: wasmBackend() };

  it.each(Object.entries(backends))('CAM++, %s: embeddings, of pieces of 1 to 4.5 seconds', async (_, backend) => {
    const bytes = await bytesOf(campplus as string);
    const rewritten = pack.rewrite?.(bytes) ?? bytes;
    expect(rewritten).not.toBe(bytes);
    // Features need not be those of speech for this comparison.
    const feeds = [98, 200, 201, 450].map((rows) => {
      return { dims: [1, rows, BINS], data: conversation.slice(5000, 5000 + rows * BINS).map((x) => 20 * x) };
    });
    const [before, after] = [await outputsOf(backend, bytes, feeds), await outputsOf(backend, rewritten, feeds)];
    after.forEach((embedding, i) => {
      expect(embedding).toHaveLength(192);
      expect(cosine(before[i] as Float32Array, embedding)).toBeGreaterThan(0.99999);
    });
  });

  it.each(Object.entries(backends))('segmentation-3.0, %s: probabilities of classes', async (_, backend) => {
    const bytes = await bytesOf(segmentation as string);
    const rewritten = pack.segmenter?.rewrite?.(bytes) ?? bytes;
    expect(rewritten).not.toBe(bytes);
    const window = { dims: [1, 1, 160_000], data: conversation.slice(0, 160_000) };
    const [before] = await outputsOf(backend, bytes, [window]);
    const [after] = await outputsOf(backend, rewritten, [window]);
    const differences = after?.map((score, i) => Math.abs(Math.exp(score) - Math.exp(before?.[i] ?? 0))) ?? [];
    expect(differences).toHaveLength(589 * 7);
    expect(Math.max(...differences)).toBeLessThan(1e-3);
  });
});

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
