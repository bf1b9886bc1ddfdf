import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeWav } from 'voiceflow-ml/core';
import { openLive } from './live.ts';

const root = mkdtempSync(join(tmpdir(), 'voiceflow-live-'));
afterAll(() => rmSync(root, { recursive: true }));

const PCM = { sampleRate: 16_000, encoding: 's16le' } as const;

function file(name: string, bytes: Uint8Array): string {
  writeFileSync(join(root, name), bytes);
  return join(root, name);
}

async function secondsOf(path: string): Promise<number> {
  const input = await openLive(path, PCM);
  let samples = 0;
  for (let piece = await input.read(); piece !== null; piece = await input.read()) samples += piece.length;
  await input.close();
  return samples / input.sampleRate;
}

describe('openLive', () => {
  it('reads a WAV by its header, although PCM was declared', async () => {
    const samples = new Float32Array(48_000).map((_, i) => Math.sin(i / 20));
    const wav = encodeWav(samples, 24_000);
    expect(await secondsOf(file('a.wav', wav))).toBeCloseTo(2, 2);
  });

  it.each([
    [16_000, 16_000],
    [4_000, 8_000],
    [384_000, 192_000],
  ])('passes a recording of %i Hz to the session at %i Hz', async (own, rate) => {
    const input = await openLive(file('rate.wav', encodeWav(new Float32Array(own), own)), undefined);
    expect(input.sampleRate).toBe(rate);
    await input.close();
  });

  it('rejects a recording in an unknown format, and names the format', async () => {
    const wavpack = Uint8Array.from('wvpk'.padEnd(64, '\0'), (letter) => letter.charCodeAt(0));
    await expect(openLive(file('a.wv', wavpack), PCM)).rejects.toThrow(/WavPack/);
  });

  it.each([0, 3, 11, 12, 13, 100_001])('passes on all of %i bytes of PCM', async (bytes) => {
    expect(await secondsOf(file('a.pcm', new Uint8Array(bytes).fill(1)))).toBe((bytes >> 1) / 16_000);
  });
});
