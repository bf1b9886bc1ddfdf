import { describe, expect, it } from 'vitest';
import { mixInterleaved, mixPlanar } from './mix.ts';

describe('mixInterleaved', () => {
  it.each([1, 2, 3, 7])('returns the scaled mean of %i channels', (channels) => {
    const source = Int16Array.from({ length: 5 * channels }, (_, i) => (i * 7_919) % 32_768);
    const out = new Float32Array(5);
    mixInterleaved(source, channels, 5, 2 ** -15, out);
    for (let frame = 0; frame < 5; frame++) {
      const sum = source.subarray(frame * channels, (frame + 1) * channels).reduce((a, b) => a + b, 0);
      expect(out[frame]).toBeCloseTo(sum / channels / 32_768, 7);
    }
  });

  it('adds loud channels without overflow', () => {
    const out = new Float32Array(1);
    mixInterleaved(Float32Array.of(3e38, 3e38, 3e38), 3, 1, 1, out);
    expect(out[0]).toBe(Math.fround(3e38));
  });
});

describe('mixPlanar', () => {
  it('returns the mean, for as many samples as there is room for', () => {
    const out = new Float32Array(2);
    mixPlanar([Float32Array.of(2, 3, 1), Float32Array.of(4, -3, 1)], out);
    expect([...out]).toEqual([3, 0]);
  });
});
