import { expect, it } from 'vitest';
import type { Backend, Tensor } from 'voiceflow-ml/core';
import { cachingBackend } from './caching-backend.ts';

/** Adds the first byte of its model to its input, and counts. */
function counting() {
  const calls = { loads: 0, runs: 0, closes: 0 };
  const backend: Backend = {
    name: 'counting',
    capabilities: async () => ({ workers: 1, threads: 1, simd: false, gpu: false, notes: [] }),
    load: async ({ bytes }) => {
      calls.loads++;
      return {
        inputs: [],
        outputs: [],
        concurrency: 1,
        run: async (feeds) => {
          calls.runs++;
          return { y: tensor((feeds.x!.data as Float32Array).map((value) => value + bytes[0]!)) };
        },
        close: async () => {
          calls.closes++;
        },
      };
    },
  };
  return { backend, calls };
}

const tensor = (data: Float32Array): Tensor => ({ type: 'float32', dims: [data.length], data });
const file = (byte: number) => ({ name: 'net', bytes: Uint8Array.of(byte) });

it('runs each network once for the same input, for any number of callers', async () => {
  const { backend, calls } = counting();
  const caching = cachingBackend(backend);
  for (let i = 0; i < 2; i++) {
    const one = await caching.load(file(1));
    const two = await caching.load(file(2));
    const [a, b] = await Promise.all([
      one.run({ x: tensor(Float32Array.of(1)) }),
      one.run({ x: tensor(Float32Array.of(1)) }),
    ]);
    expect([a.y?.data, b.y?.data]).toEqual([Float32Array.of(2), Float32Array.of(2)]);
    expect((await two.run({ x: tensor(Float32Array.of(1)) })).y?.data).toEqual(Float32Array.of(3));
    expect((await one.run({ x: tensor(Float32Array.of(5)) })).y?.data).toEqual(Float32Array.of(6));
    await one.close();
  }
  expect(calls).toEqual({ loads: 2, runs: 3, closes: 0 });
  await caching.end();
  expect(calls.closes).toBe(2);
});

it('returns copies: changing a result does not affect other callers', async () => {
  const { backend } = counting();
  const model = await cachingBackend(backend).load(file(1));
  const first = await model.run({ x: tensor(Float32Array.of(1)) });
  (first.y?.data as Float32Array)[0] = 99;
  expect((await model.run({ x: tensor(Float32Array.of(1)) })).y?.data).toEqual(Float32Array.of(2));
});
