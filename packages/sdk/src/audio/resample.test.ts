import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, createResampler, PolyphaseResampler } from './resample.ts';
import { scalarKernel } from './resample-kernel.ts';
import { simdKernel } from './resample-simd.ts';

/** Usual rates, decimation, prime ratios with too many phases for a table, and the ends of the range. */
const RATIOS = [
  [16_000, 48_000],
  [8_000, 48_000],
  [44_100, 48_000],
  [11_025, 48_000],
  [22_050, 48_000],
  [96_000, 48_000],
  [192_000, 48_000],
  [48_000, 16_000],
  [44_100, 16_000],
  [48_000, 44_100],
  [44_056, 48_000],
  [47_999, 48_000],
  [44_101, 16_000],
  [768_000, 48_000],
  [999_983, 48_000],
  [1_000, 48_000],
] as const;

const decibels = (ratio: number) => 20 * Math.log10(Math.max(ratio, 1e-12));

function tone(frequency: number, rate: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, n) => Math.sin((2 * Math.PI * frequency * n) / rate + 0.3));
}

function resample(samples: Float32Array, from: number, to: number): Float32Array {
  const resampler = createResampler(from, to);
  return concat([resampler.push(samples).slice(), resampler.end()]);
}

function inPieces(samples: Float32Array, resampler: ReturnType<typeof createResampler>, sizes: readonly number[]) {
  const parts: Float32Array[] = [];
  for (let at = 0, i = 0; at < samples.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    parts.push(resampler.push(samples.subarray(at, at + size)).slice());
    at += size;
  }
  return concat([...parts, resampler.end().slice()]);
}

/** Amplitude and phase error of a tone in the middle of a signal, by least squares, and the peak of what is left. */
function measure(signal: Float32Array, frequency: number, rate: number) {
  const skip = Math.floor(signal.length / 4);
  const middle = signal.subarray(skip, signal.length - skip);
  const angle = (n: number) => (2 * Math.PI * frequency * (n + skip)) / rate + 0.3;
  const sines = middle.map((_, n) => Math.sin(angle(n)));
  const cosines = middle.map((_, n) => Math.cos(angle(n)));
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, n) => sum + value * (b[n] as number), 0);
  const [ss, sc, cc] = [dot(sines, sines), dot(sines, cosines), dot(cosines, cosines)];
  const [xs, xc] = [dot(middle, sines), dot(middle, cosines)];
  const sine = (xs * cc - xc * sc) / (ss * cc - sc * sc);
  const cosine = (xc * ss - xs * sc) / (ss * cc - sc * sc);
  const rest = middle.map((value, n) =>
    Math.abs(value - sine * (sines[n] as number) - cosine * (cosines[n] as number)),
  );
  return { amplitude: Math.hypot(sine, cosine), phase: Math.atan2(cosine, sine), rest: peak(rest) };
}

function peak(signal: Float32Array): number {
  return signal.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

/** Bit for bit; a matcher would compare element by element, slowly. */
function same(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && Buffer.from(a.slice().buffer).equals(Buffer.from(b.slice().buffer));
}

/** Inputs long enough for the filter to settle. */
const lengthFor = (from: number, to: number) => Math.ceil(600 * Math.max(1, from / to));

describe.each(RATIOS)('createResampler(%i, %i)', (from, to) => {
  const lowerNyquist = Math.min(from, to) / 2;

  it.each([0.02, 0.25, 0.5, 0.75, 0.85, 0.9])(
    'passes a tone at %f of the lower Nyquist frequency unchanged',
    (share) => {
      const frequency = share * lowerNyquist;
      const result = measure(resample(tone(frequency, from, lengthFor(from, to)), from, to), frequency, to);
      expect(Math.abs(decibels(result.amplitude))).toBeLessThan(0.1);
      expect(Math.abs(result.phase)).toBeLessThan(1e-3);
      expect(decibels(result.rest)).toBeLessThan(-80);
    },
  );

  const stopped = [1, 1.01, 1.1, 1.5, 1.9, 2.3, 9].filter((share) => share * lowerNyquist < from / 2);
  it.each(stopped)('removes a tone at %f of the lower Nyquist frequency', (share) => {
    const frequency = share * lowerNyquist;
    const output = resample(tone(frequency, from, lengthFor(from, to)), from, to);
    const middle = output.subarray(output.length / 4, (3 * output.length) / 4);
    expect(decibels(peak(middle))).toBeLessThan(-80);
  });

  it('keeps a constant and returns ⌈n · up / down⌉ samples', () => {
    for (const length of [0, 1, 2, 7, 160, 1_001]) {
      const output = resample(new Float32Array(length).fill(0.5), from, to);
      expect(output.length).toBe(Math.ceil((length * to) / from));
    }
    const output = resample(new Float32Array(lengthFor(from, to)).fill(0.5), from, to);
    const middle = output.subarray(output.length * 0.4, output.length * 0.6);
    expect(peak(middle.map((value) => value - 0.5))).toBeLessThan(1e-6);
  });

  it('returns identical bits for any chunk sizes', () => {
    const samples = Float32Array.from({ length: 3_000 }, (_, n) => Math.sin(n * n * 1e-3));
    const whole = resample(samples, from, to);
    for (const sizes of [[1], [7, 1, 300], [2_999], [1_024]]) {
      expect(same(inPieces(samples, createResampler(from, to), sizes), whole)).toBe(true);
    }
  });
});

describe('kernels', () => {
  it('compute identical bits in WebAssembly and in JavaScript', () => {
    const simd = simdKernel();
    expect(simd, 'this runtime has WebAssembly SIMD').not.toBeNull();
    const samples = Float32Array.from({ length: 2_000 }, (_, n) => Math.sin(n * n * 1e-3) * 10 ** ((n % 40) - 30));
    for (const [from, to] of RATIOS) {
      const vector = inPieces(samples, new PolyphaseResampler(from, to, simd ?? scalarKernel), [333]);
      const scalar = inPieces(samples, new PolyphaseResampler(from, to, scalarKernel), [500]);
      expect(same(vector, scalar)).toBe(true);
    }
  });

  it('keep resamplers independent that share the kernel', () => {
    const samples = Float32Array.from({ length: 4_000 }, (_, n) => Math.sin(n * 0.1));
    const pairs = [
      [16_000, 48_000],
      [44_100, 48_000],
      [47_999, 48_000],
    ] as const;
    const alone = pairs.map(([from, to]) => resample(samples, from, to));
    const together = pairs.map(([from, to]) => ({ resampler: createResampler(from, to), parts: [] as Float32Array[] }));
    for (let at = 0; at < samples.length; at += 100) {
      for (const { resampler, parts } of together) parts.push(resampler.push(samples.subarray(at, at + 100)).slice());
    }
    for (const [i, { resampler, parts }] of together.entries()) {
      expect(same(concat([...parts, resampler.end()]), alone[i] ?? new Float32Array(0))).toBe(true);
    }
  });
});

describe('arbitrary rates', () => {
  const rate = fc.integer({ min: 1_000, max: 1_000_000 });

  it('keep the length, the bits and a low tone', () => {
    fc.assert(
      fc.property(
        rate,
        rate,
        fc.integer({ min: 0, max: 1_000 }),
        fc.integer({ min: 1, max: 700 }),
        (from, to, most, size) => {
          const length = Math.min(most, Math.ceil((20_000 * from) / to));
          const samples = tone(Math.min(from, to) / 50, from, length);
          const whole = resample(samples, from, to);
          expect(whole.length).toBe(Math.ceil((length * to) / from));
          expect(same(inPieces(samples, createResampler(from, to), [size]), whole)).toBe(true);
          expect(peak(whole)).toBeLessThan(1.2);
        },
      ),
      { numRuns: 40, seed: 8 },
    );
  });

  it.each([0, -1, 999, 1_000_001, 44_100.5, Number.NaN, Number.POSITIVE_INFINITY])('reject %f Hz', (bad) => {
    expect(() => createResampler(bad, 48_000)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    expect(() => createResampler(48_000, bad)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  });

  it('returns the input for equal rates', () => {
    const samples = Float32Array.of(1, 2, 3);
    const resampler = createResampler(16_000, 16_000);
    expect(resampler.push(samples)).toBe(samples);
    expect(resampler.end()).toHaveLength(0);
  });
});
