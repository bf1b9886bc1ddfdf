import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from 'voiceflow-ml/testing';
import { DurationHistogram } from './histogram.ts';
import { littlesLaw, utilisation } from './littles-law.ts';
import { calibrate, calibrationLoop, judgeNoise } from './noise.ts';
import { gaussian, noise } from './random.ts';
import { pairedRatio } from './ratio.ts';
import { percentile, summarize } from './summary.ts';

const SEED = { seed: 20261125 };

describe('percentile', () => {
  it('is the nearest rank: a measured value without interpolation', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect([50, 95, 99, 99.9, 100].map((p) => percentile(hundred, p))).toEqual([50, 95, 99, 100, 100]);
    expect(percentile([7], 1)).toBe(7);
    const thousand = Array.from({ length: 1000 }, (_, i) => i + 1);
    expect(percentile(thousand, 99.9)).toBe(999);
  });

  it('rejects an empty set', () => {
    expect(() => percentile([], 50)).toThrow(RangeError);
    expect(summarize([])).toBeUndefined();
  });

  it('has at least p % of the values at or below it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 100 }),
        (values, p) => {
          const sorted = [...values].sort((a, b) => a - b);
          const found = percentile(sorted, p);
          const needed = (p / 100) * values.length - 1e-9;
          expect(sorted.filter((v) => v <= found).length).toBeGreaterThanOrEqual(needed);
          expect(sorted.filter((v) => v < found).length).toBeLessThan(needed + 1e-6);
        },
      ),
      SEED,
    );
  });

  it('summarizes without modifying its input', () => {
    const samples = [3, 1, 2];
    expect(summarize(samples)).toMatchObject({ count: 3, min: 1, mean: 2, p50: 2, max: 3 });
    expect(samples).toEqual([3, 1, 2]);
  });
});

describe('DurationHistogram', () => {
  it('returns every percentile within 0.2 % of the exact value and within the recorded range', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4_000_000 }), { minLength: 1, maxLength: 300 }),
        (microseconds) => {
          const histogram = new DurationHistogram();
          const durations = microseconds.map((value) => value / 1000);
          for (const duration of durations) histogram.record(duration);
          const exact = summarize(durations);
          const found = histogram.summary();
          expect(found).toMatchObject({ count: exact?.count, min: exact?.min, max: exact?.max });
          for (const name of ['p50', 'p90', 'p95', 'p99', 'p999'] as const) {
            expect(Math.abs((found?.[name] ?? 0) - (exact?.[name] ?? 0))).toBeLessThanOrEqual(
              0.002 * (exact?.[name] ?? 0) + 1e-6,
            );
          }
        },
      ),
      SEED,
    );
  });

  it('assigns durations out of range to the first or last bin, and is empty at first', () => {
    const histogram = new DurationHistogram();
    expect(histogram.summary()).toBeUndefined();
    histogram.record(-5);
    histogram.record(1e12);
    expect(histogram.summary()?.count).toBe(2);
  });

  it('draws no percentile beyond the number of samples', () => {
    const histogram = new DurationHistogram();
    for (let i = 1; i <= 100; i++) histogram.record(i);
    expect(histogram.curve().map(([percent]) => percent)).toEqual([10, 25, 50, 75, 90, 95, 99]);
    expect(histogram.curve()[2]?.[1]).toBeCloseTo(50, 0);
  });
});

describe('pairedRatio', () => {
  it('is not affected by a slowdown of both contenders', () => {
    const slow = [1, 1, 50, 50, 7];
    expect(
      pairedRatio(
        slow.map((s) => 3 * s),
        slow,
      ),
    ).toEqual({ median: 3, lower: 3, upper: 3, pairs: 5 });
    expect(pairedRatio([], [])).toBeUndefined();
  });
});

describe("Little's law", () => {
  it('holds for the figures of the first report, and detects inconsistent ones', () => {
    // 39 requests a second of 20 clients: each waits 513 ms, whatever the network takes.
    expect(littlesLaw(39, (20 / 39) * 1000, 20)).toMatchObject({ holds: true });
    expect(littlesLaw(39, 100, 20)).toMatchObject({ holds: false });
    expect(littlesLaw(0, 0, 0).holds).toBe(false);
    // Two under way seen in 100 looks may as well be 2.3; in 10,000 looks they may not.
    expect(littlesLaw(100, 23, 2, 100).holds).toBe(true);
    expect(littlesLaw(100, 23, 2, 10_000).holds).toBe(false);
  });

  it('computes the utilization of servers', () => {
    expect(utilisation(150, 10, 2)).toBeCloseTo(0.75);
  });
});

describe('noise', () => {
  it('warns if and only if the loop times vary', () => {
    expect(judgeNoise([10, 10, 10, 10.2]).noisy).toBe(false);
    const noisy = judgeNoise([10, 10, 10, 14]);
    expect(noisy.noisy).toBe(true);
    expect(noisy.verdict).toContain('40.0 %');
    expect(judgeNoise([]).noisy).toBe(true);
  });

  it('does the same work each time', () => {
    expect(calibrationLoop(1000)).toBe(calibrationLoop(1000));
    let clock = 0;
    expect(
      calibrate(
        3,
        () => clock++,
        () => 0,
      ),
    ).toEqual([1, 1, 1]);
  });
});

describe('random', () => {
  it('repeats for a seed, is uniform in [0, 1), and can be normally distributed', () => {
    const take = (seed: number) => Array.from({ length: 20_000 }, seededRandom(seed));
    expect(take(1)).toEqual(take(1));
    expect(take(1).slice(0, 5)).not.toEqual(take(2).slice(0, 5));
    const uniform = summarize(take(3));
    expect(uniform?.mean).toBeCloseTo(0.5, 1);
    expect(uniform?.min).toBeGreaterThanOrEqual(0);
    expect(uniform?.max).toBeLessThan(1);
    const random = seededRandom(4);
    const normal = Array.from({ length: 20_000 }, () => gaussian(random));
    expect(summarize(normal)?.mean).toBeCloseTo(0, 1);
    expect(Math.sqrt(normal.reduce((sum, v) => sum + v * v, 0) / normal.length)).toBeCloseTo(1, 1);
    expect(noise(100, seededRandom(5)).every((v) => Math.abs(v) <= 0.1)).toBe(true);
  });
});
