import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AudioSource } from '../contract/audio.ts';
import { KeptAudio } from './kept-audio.ts';

async function all(source: AudioSource): Promise<number[]> {
  const samples: number[] = [];
  for (let piece = await source.read(); piece; piece = await source.read()) samples.push(...piece);
  return samples;
}

it('returns the pushed audio at 16 bits relative to the loudest sample of a block, for any chunk sizes', async () => {
  const pieces = fc.array(
    fc.record({ length: fc.integer({ min: 0, max: 3000 }), level: fc.constantFrom(0, 1e-6, 0.01, 1, 40_000) }),
    { maxLength: 8 },
  );
  const law = fc.asyncProperty(pieces, fc.nat(1000), async (cuts, seed) => {
    const kept = new KeptAudio(16_000, 60);
    const pushed: number[] = [];
    for (const { length, level } of cuts) {
      const piece = Float32Array.from({ length }, (_, i) => level * Math.sin(seed + 0.37 * i));
      kept.push(piece);
      pushed.push(...piece);
    }
    const source = kept.source();
    expect(source).toMatchObject({ sampleRate: 16_000, length: pushed.length });
    const found = await all(source);
    expect(found.length).toBe(pushed.length);
    for (let at = 0; at < pushed.length; at += 1024) {
      const block = pushed.slice(at, at + 1024);
      const loudest = block.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const worst = block.reduce((most, x, i) => Math.max(most, Math.abs(x - found[at + i]!)), 0);
      expect(worst).toBeLessThanOrEqual(loudest / 32_767);
    }
  });
  await fc.assert(law, { seed: 1, numRuns: 15 });
});

it('keeps nothing if the session is longer than the limit', async () => {
  const kept = new KeptAudio(8_000, 1);
  kept.push(new Float32Array(8_000).fill(0.5));
  expect(kept.whole).toBe(true);
  kept.push(new Float32Array(1));
  expect(kept.whole).toBe(false);
  kept.push(new Float32Array(5_000));
  expect(await all(kept.source())).toEqual([]);
});
