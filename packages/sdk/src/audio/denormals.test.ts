import { describe, expect, it } from 'vitest';
import { flushDenormals } from './denormals.ts';
import { encodeWav } from './encode-wav.ts';
import { collect, openAudio } from './open.ts';
import { samplesSource } from './pipes.ts';

const fade = Float32Array.from({ length: 4_000 }, (_, i) => 0.5 * 10 ** (-i / 80));

describe('denormal samples', () => {
  it('are flushed to zero, and no other samples are', () => {
    expect([...flushDenormals(Float32Array.of(1, -1e-17, 1e-19, -1e-40, 1e-45, Number.NaN, -0))]).toEqual([
      1,
      Math.fround(-1e-17),
      0,
      0,
      0,
      Number.NaN,
      0,
    ]);
  });

  it('are flushed in files and in samples, without changing the caller’s array', async () => {
    const given = fade.slice();
    const wav = encodeWav(fade, 16_000, { encoding: 'f32' });
    for (const audio of [wav, samplesSource({ samples: given, sampleRate: 16_000 })]) {
      const read = await collect(await openAudio(audio, { sampleRate: 16_000 }));
      expect(read).toEqual(flushDenormals(fade.slice()));
      expect(read.at(-1)).toBe(0);
    }
    expect(given).toEqual(fade);
  });
});
