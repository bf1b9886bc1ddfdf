import { describe, expect, it } from 'vitest';
import { type TensorInfo, VoiceFlowError } from 'voiceflow-ml/core';
import { seededRandom } from 'voiceflow-ml/testing';
import { loadEngine } from './engines.ts';
import { feedsFor, shapes } from './feeds.ts';
import { readModel } from './files.ts';
import { measureIsolated } from './isolated.ts';

const INPUTS: readonly TensorInfo[] = [
  { name: 'audio', type: 'float32', dims: ['N', 4] },
  { name: 'count', type: 'int64', dims: [1] },
];

describe('feedsFor', () => {
  it('creates new buffers with the same seeded noise each time', () => {
    const feeds = feedsFor(INPUTS, {}, seededRandom(1));
    const [one, two] = [feeds(), feeds()];
    expect(one.audio?.dims).toEqual([1, 4]);
    expect(one.audio?.data).toEqual(two.audio?.data);
    expect(one.audio?.data.buffer).not.toBe(two.audio?.data.buffer);
    expect(one.count).toEqual({ type: 'int64', dims: [1], data: new BigInt64Array(1) });
    expect(feedsFor(INPUTS, { audio: [3, 4] }, seededRandom(1))().audio?.data).toHaveLength(12);
  });

  it('rejects shapes that the input does not allow', () => {
    for (const shape of [[4], [1, 5], [0, 4], [1.5, 4], [2 ** 30, 4]]) {
      expect(() => feedsFor(INPUTS, { audio: shape }, seededRandom(1))).toThrow(VoiceFlowError);
    }
    expect(() => feedsFor(INPUTS, { nonsense: [1] }, seededRandom(1))).toThrow(/inputs are audio, count/);
  });

  it('parses shapes', () => {
    const parseShapes = (text?: string) => shapes('').read(text, 'shape');
    expect(parseShapes('a=1,2; b = 3')).toEqual({ a: [1, 2], b: [3] });
    expect(parseShapes(undefined)).toEqual({});
    for (const bad of ['a', '=1', 'a=x', 'a=1;b']) expect(() => parseShapes(bad)).toThrow(VoiceFlowError);
  });
});

describe('measureIsolated', () => {
  it('measures the requested number of iterations, without the warm-up', async () => {
    let runs = 0;
    const model = { run: async () => ({ out: { type: 'int32', dims: [1], data: Int32Array.of(++runs) } as const }) };
    const options = { engine: 'test', name: 'fake', iterations: 7, warmup: 3 };
    const result = await measureIsolated(model, () => ({}), options);
    expect(runs).toBe(10);
    expect(result.latency.count).toBe(7);
    expect(result.latency.count).toBe(7);
    expect(result.throughput).toBeCloseTo(1000 / result.latency.mean);
  });
});

describe('engines', () => {
  it('return the same output for the same input: native with and without a worker, and WASM', async () => {
    const file = await readModel();
    const outputs: Float32Array[] = [];
    for (const engine of ['native-direct', 'native', 'wasm'] as const) {
      const model = await loadEngine(engine, { ...file, bytes: file.bytes.slice() });
      const { embeddings } = await model.run(feedsFor(model.inputs, {}, seededRandom(1))());
      await model.close();
      if (embeddings?.type === 'float32') outputs.push(embeddings.data);
    }
    const [direct, native, wasm] = outputs as [Float32Array, Float32Array, Float32Array];
    expect(native).toEqual(direct);
    expect(Math.max(...wasm.map((value, at) => Math.abs(value - (direct[at] ?? 0))))).toBeLessThan(1e-3);
  });

  it('name the missing file', async () => {
    await expect(readModel('no/such.onnx')).rejects.toMatchObject({ code: 'model-not-found' });
  });
});
