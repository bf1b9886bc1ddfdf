import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { encodeWav } from 'voiceflow-ml/core';
import { openLive } from './live.ts';

/** Input of `openLive` in place of a pipe. */
const pipes = new Map<string, ReadableStream<Uint8Array>>();
vi.mock('./open.ts', async (original) => {
  const real = await original<typeof import('./open.ts')>();
  return { ...real, openAudio: async (path: string) => pipes.get(path) ?? real.openAudio(path) };
});

const root = mkdtempSync(join(tmpdir(), 'voiceflow-live-'));
afterAll(() => rmSync(root, { recursive: true }));

const NEVER = new AbortController().signal;
const PCM = { sampleRate: 16_000, encoding: 's16le' } as const;

function file(name: string, bytes: Uint8Array): string {
  writeFileSync(join(root, name), bytes);
  return join(root, name);
}

async function secondsOf(path: string): Promise<number> {
  const input = await openLive(path, PCM, NEVER);
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
    const input = await openLive(file('rate.wav', encodeWav(new Float32Array(own), own)), undefined, NEVER);
    expect(input.sampleRate).toBe(rate);
    await input.close();
  });

  it('rejects a recording in an unknown format, and names the format', async () => {
    const wavpack = Uint8Array.from('wvpk'.padEnd(64, '\0'), (letter) => letter.charCodeAt(0));
    await expect(openLive(file('a.wv', wavpack), PCM, NEVER)).rejects.toThrow(/WavPack/);
  });

  it.each([0, 3, 11, 12, 13, 100_001])('passes on all of %i bytes of PCM', async (bytes) => {
    expect(await secondsOf(file('a.pcm', new Uint8Array(bytes).fill(1)))).toBe((bytes >> 1) / 16_000);
  });
});

describe('a signal ends openLive and its input', () => {
  const wav = encodeWav(new Float32Array(160_000).fill(0.1), 16_000);

  it.each([
    ['nothing, as PCM', PCM, 0, 0, 0],
    ['nothing, as a recording', undefined, 0, 0, 0],
    ['3 bytes of PCM', PCM, 50, 53, 1],
    ['64,000 bytes of a WAV', undefined, 0, 64_000, 31_978],
    ['64,000 bytes of a WAV, although PCM was declared', PCM, 0, 64_000, 31_978],
    ['a part of a header', undefined, 0, 20, 0],
  ])('after %s', async (_, format, from, to, expected) => {
    const stop = new AbortController();
    const pieces = from === to ? [] : [wav.slice(from, to)];
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const piece = pieces.pop();
      if (piece !== undefined) return controller.enqueue(piece);
      // All bytes were read, and more are awaited, which never come.
      stop.abort();
      return new Promise<void>(() => {});
    };
    pipes.set('pipe', new ReadableStream({ pull }, { highWaterMark: 0 }));
    const input = await openLive('pipe', format, stop.signal);
    let samples = 0;
    for (let piece = await input.read(); piece !== null; piece = await input.read()) samples += piece.length;
    await input.close();
    expect(samples).toBe(expected);
  });

  it('and a file is not read further', async () => {
    const stop = new AbortController();
    const input = await openLive(file('long.wav', wav), undefined, stop.signal);
    expect((await input.read())?.length).toBeGreaterThan(0);
    stop.abort();
    expect(await input.read()).toBeNull();
    await input.close();
  });
});
