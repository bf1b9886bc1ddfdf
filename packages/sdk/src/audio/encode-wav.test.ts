import { describe, expect, it } from 'vitest';
import { openBytes } from './bytes.ts';
import { encodeWav } from './encode-wav.ts';
import { collect } from './open.ts';
import { wavDecoder } from './wav.ts';

async function decode(wav: Uint8Array<ArrayBuffer>) {
  const source = await wavDecoder.open(openBytes(wav), {});
  return { rate: source.sampleRate, samples: await collect(source), warnings: source.warnings };
}

const SAMPLES = Float32Array.from({ length: 1_000 }, (_, i) => Math.sin(i));

describe('encodeWav', () => {
  it('decodes to the samples within half a quantization step, clipped at full scale', async () => {
    const { rate, samples, warnings } = await decode(encodeWav(Float32Array.of(...SAMPLES, 2, -2), 44_100));
    expect(rate).toBe(44_100);
    expect(warnings).toEqual([]);
    expect(samples).toHaveLength(1_002);
    for (const [i, value] of SAMPLES.entries())
      expect(Math.abs((samples[i] as number) - value)).toBeLessThanOrEqual(1 / 32_768);
    expect([...samples.subarray(1_000)]).toEqual([32_767 / 32_768, -1]);
  });

  it('keeps float samples exactly', async () => {
    expect((await decode(encodeWav(SAMPLES, 8_000, { encoding: 'f32' }))).samples).toEqual(SAMPLES);
  });

  it('interleaves channels', async () => {
    const { samples } = await decode(encodeWav([SAMPLES, SAMPLES.map((value) => -value)], 8_000, { encoding: 'f32' }));
    expect(samples).toEqual(new Float32Array(1_000));
  });

  it.each([
    [[], 16_000],
    [[new Float32Array(2), new Float32Array(3)], 16_000],
    [new Float32Array(2), 0],
    [new Float32Array(2), 44_100.5],
    [new Float32Array(2), Number.NaN],
  ])('rejects %j at %f Hz', (samples, rate) => {
    expect(() => encodeWav(samples, rate)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  });
});
