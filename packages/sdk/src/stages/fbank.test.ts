import { describe, expect, it } from 'vitest';
import { Fbank, fbank, subtractMean } from './fbank.ts';
import { PowerSpectrum } from './fft.ts';

const shape = { sampleRate: 16_000, window: 'povey', bins: 80, scale: 1 } as const;

function tone(hz: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => 0.3 * Math.sin((2 * Math.PI * hz * i) / 16_000));
}

describe('power spectrum', () => {
  it.each([4, 16, 512])('equals a direct discrete Fourier transform (%d)', (size) => {
    const x = Float64Array.from({ length: size }, (_, i) => Math.sin(i * i) + 0.1 * i);
    const power = new Float64Array(size / 2);
    new PowerSpectrum(size).transform(x, power);
    power.forEach((value, k) => {
      let re = 0;
      let im = 0;
      x.forEach((sample, n) => {
        re += sample * Math.cos((2 * Math.PI * k * n) / size);
        im -= sample * Math.sin((2 * Math.PI * k * n) / size);
      });
      expect(value).toBeCloseTo(re * re + im * im, 6);
    });
  });
});

describe('fbank', () => {
  it('returns the same frames for any chunk sizes', () => {
    const samples = tone(440, 5000);
    const whole = fbank(shape, samples);
    expect(whole.length).toBe(80 * (1 + Math.floor((5000 - 400) / 160)));
    for (const size of [1, 37, 160, 999]) {
      const frames = new Fbank(shape);
      const rows: number[] = [];
      for (let at = 0; at < samples.length; at += size)
        frames.push(samples.subarray(at, at + size), (row) => rows.push(...row));
      expect(rows).toEqual([...whole]);
    }
  });

  it.each([['povey'], ['hamming']] as const)('puts a tone into its mel bin (%s)', (window) => {
    const row = fbank({ ...shape, window }, tone(1000, 400));
    // 1000 Hz is 999.99 mel; bins are (2840.0 − 31.7) / 81 = 34.67 mel apart.
    expect(row.indexOf(Math.max(...row))).toBe(27);
  });

  it('returns no frame for too little audio, and the floor for silence', () => {
    expect(fbank(shape, new Float32Array(399))).toHaveLength(0);
    expect(fbank(shape, new Float32Array(400))[0]).toBeCloseTo(Math.log(1.1920928955078125e-7), 5);
  });

  it('subtracts the mean of each bin', () => {
    expect([...subtractMean(Float32Array.of(1, 10, 3, 20), 2)]).toEqual([-1, -5, 1, 5]);
  });
});
