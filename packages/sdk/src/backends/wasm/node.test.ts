import { readFileSync } from 'node:fs';
import process from 'node:process';
import { describe, expect, it, vi } from 'vitest';
import { wasmBackend } from 'voiceflow-ml/backends/wasm';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { affineModel, slowFeeds, slowModel } from 'voiceflow-ml/testing';

describe('WebAssembly threads', () => {
  it('return the same results as one thread', async () => {
    const outputs = [];
    for (const threads of [1, 2]) {
      const model = await wasmBackend({ threads }).load({ name: 'slow', bytes: slowModel() }, { workers: 1 });
      const { y } = await model.run(slowFeeds(100));
      outputs.push([...(y?.data ?? [])].map(Number));
      await model.close();
    }
    const [one = [], two = []] = outputs;
    expect(one).toHaveLength(25_600);
    expect(Math.max(...one.map((value, i) => Math.abs(value - (two[i] ?? Number.NaN))))).toBeLessThan(1e-5);
  });

  it.each([0, -1, 1.5, Number.NaN])('reject %s as their number', async (threads) => {
    const error = await wasmBackend({ threads })
      .load({ name: 'affine', bytes: affineModel() })
      .catch((reason: unknown) => reason);
    expect(VoiceFlowError.isInstance(error) && error.code).toBe('invalid-option');
  });
});

/** Address space that is set aside in pieces of gigabytes, as each WebAssembly memory has it. */
function reservations(): number {
  const ranges = readFileSync('/proc/self/maps', 'utf8').matchAll(/^([0-9a-f]+)-([0-9a-f]+) ---p/gm);
  return [...ranges].filter(([, from, to]) => Number(`0x${to}`) - Number(`0x${from}`) >= 2 ** 30).length;
}

it.skipIf(process.platform !== 'linux')('frees the memory of each session on close (needs /proc)', async () => {
  const before = reservations();
  for (let i = 0; i < 3; i++) {
    const model = await wasmBackend().load({ name: 'affine', bytes: affineModel() }, { workers: 1 });
    const open = reservations();
    await model.close();
    // Memory of earlier tests may go at any time.
    await vi.waitFor(() => expect(reservations()).toBeLessThanOrEqual(before), { timeout: 240_000 });
    expect(open).toBeGreaterThan(reservations());
  }
});

it('terminates a run that continues after its abort', async () => {
  const model = await wasmBackend().load({ name: 'slow', bytes: slowModel() }, { workers: 1 });
  // Half a minute of work at least: without an end to it, close() would wait for it.
  const controller = new AbortController();
  const run = model.run(slowFeeds(50_000), { signal: controller.signal }).catch((reason: unknown) => reason);
  setTimeout(() => controller.abort(), 100);
  expect(VoiceFlowError.isInstance(await run)).toBe(true);
  expect((await model.run(slowFeeds(3))).y?.dims).toEqual([3, 256]);
  await model.close();
});
