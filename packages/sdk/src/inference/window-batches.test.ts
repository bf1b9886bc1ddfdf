import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AudioSource } from '../contract/audio.ts';
import { WindowCutter } from '../stages/windows.ts';
import { windowBatches } from './window-batches.ts';

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

async function collect(samples: Float32Array, sizes: readonly number[], window: number, hop: number, batch: number) {
  const cutter = new WindowCutter(window, hop);
  const windows: number[][] = [];
  for await (const part of windowBatches(sourceOf(samples, sizes), cutter, { window, batch })) {
    expect(part.first).toBe(windows.length);
    expect(part.samples).toHaveLength(part.count * window);
    for (let i = 0; i < part.count; i++) windows.push([...part.samples.subarray(i * window, (i + 1) * window)]);
  }
  expect(cutter.samples).toBe(samples.length);
  expect(cutter.windows).toBe(windows.length);
  return windows;
}

describe('windows', () => {
  it('are the same cuts of the audio for any chunk and batch size, and hold every sample', async () => {
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

  it('pads a recording shorter than one window, and gives none for none', async () => {
    expect(await collect(ramp(3), [2], 5, 2, 4)).toEqual([[1, 2, 3, 0, 0]]);
    expect(await collect(ramp(0), [1], 5, 2, 4)).toEqual([]);
  });

  it('stop at the signal', async () => {
    const controller = new AbortController();
    const batches = windowBatches(sourceOf(ramp(100), [10]), new WindowCutter(10, 10), {
      window: 10,
      batch: 1,
      signal: controller.signal,
    });
    await batches.next();
    controller.abort();
    await expect(batches.next()).rejects.toMatchObject({ code: 'aborted' });
  });
});
