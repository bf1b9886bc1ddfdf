import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AudioSource } from '../contract/audio.ts';
import type { Model, Tensor } from '../contract/backend.ts';
import { pushAll, WindowRunner } from './window-runner.ts';

const ramp = (length: number) => Float32Array.from({ length }, (_, i) => i + 1);

function sourceOf(samples: Float32Array, sizes: readonly number[]): AudioSource {
  let position = 0;
  let turn = 0;
  return {
    sampleRate: 8,
    warnings: [],
    async read() {
      if (position >= samples.length) return null;
      const size = sizes[turn++ % sizes.length] ?? 1;
      const chunk = samples.slice(position, position + size);
      position += chunk.length;
      return chunk;
    },
    async close() {},
  };
}

/** Says of each run the windows that it was given; runs overtake each other, and their buffers are lent again. */
function echo(batch: number, window: number): Model {
  let runs = 0;
  const spent: Float32Array<ArrayBuffer>[] = [];
  return {
    inputs: [],
    outputs: [],
    concurrency: 2,
    async run(feeds) {
      const tensor = feeds.audio as Tensor;
      expect(tensor.dims).toEqual([tensor.data.length / window, window]);
      expect(tensor.dims[0]).toBeLessThanOrEqual(batch);
      for (let ticks = runs++ % 3; ticks > 0; ticks--) await Promise.resolve();
      const windows = { ...tensor, data: tensor.data.slice() } as Tensor;
      spent.push((tensor.data as Float32Array<ArrayBuffer>).fill(Number.NaN));
      return { windows };
    },
    spare: (length) => (spent.at(-1)?.length === length ? spent.pop() : undefined),
    async close() {},
  };
}

async function collect(samples: Float32Array, sizes: readonly number[], window: number, hop: number, batch: number) {
  const windows: number[][] = [];
  const runner = new WindowRunner(
    echo(batch, window),
    { window, hop, batch, input: 'audio' },
    (outputs, first, count) => {
      expect(first).toBe(windows.length);
      const data = outputs.windows?.data as Float32Array;
      for (let i = 0; i < count; i++) windows.push([...data.subarray(i * window, (i + 1) * window)]);
    },
  );
  await pushAll(sourceOf(samples, sizes), runner, undefined);
  expect(runner.samples).toBe(samples.length);
  return windows;
}

describe('windows', () => {
  it('are the same for any chunk and batch size, and contain every sample', async () => {
    const run = fc.asyncProperty(
      fc.nat(120),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 24 }),
      fc.integer({ min: 1, max: 5 }),
      async (length, sizes, window, hop, batch) => {
        const samples = ramp(length);
        const count = length === 0 ? 0 : Math.max(1, Math.ceil((length - window) / hop) + 1);
        const expected = Array.from({ length: count }, (_, i) =>
          Array.from({ length: window }, (_, j) => samples[i * hop + j] ?? 0),
        ).filter((_, i) => i === 0 || (i - 1) * hop + window < length);
        expect(await collect(samples, sizes, window, hop, batch)).toEqual(expected);
      },
    );
    await fc.assert(run, { seed: 7, numRuns: 300 });
  });

  it('pads a recording shorter than one window, and returns no window without samples', async () => {
    expect(await collect(ramp(3), [2], 5, 2, 4)).toEqual([[1, 2, 3, 0, 0]]);
    expect(await collect(ramp(0), [1], 5, 2, 4)).toEqual([]);
  });

  it('stop at the signal', async () => {
    const controller = new AbortController();
    const run = { window: 10, hop: 10, batch: 1, input: 'audio', signal: controller.signal };
    const runner = new WindowRunner(echo(1, 10), run, () => controller.abort());
    const pushed = pushAll(sourceOf(ramp(1000), [10]), runner, controller.signal);
    await expect(pushed).rejects.toMatchObject({ code: 'aborted' });
    expect(runner.samples).toBeLessThan(1000);
  });
});
