import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from '../stats/histogram.ts';
import { concurrencyChart, latencyHistogram, percentileCurve } from './latency.ts';
import { escapeXml, niceTicks } from './svg.ts';

function bucketsOf(values: readonly number[]) {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value * 1000);
  return histogram.buckets();
}

/** Well-formed as far as a chart can go wrong: tags closed, no number that is none. */
function expectSound(svg: string): void {
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  const open: string[] = [];
  for (const [, closing, name, self] of svg.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
    if (closing) expect(open.pop()).toBe(name);
    else if (!self && name !== undefined) open.push(name);
  }
  expect(open).toEqual([]);
}

describe('niceTicks', () => {
  it('covers the range with few round numbers', () => {
    expect(niceTicks(97)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(niceTicks(0.3)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(niceTicks(0)).toEqual([0, 1]);
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (most) => {
        const ticks = niceTicks(most);
        expect(ticks[ticks.length - 1]).toBeGreaterThanOrEqual(most * 0.999);
        expect(ticks.length).toBeGreaterThanOrEqual(3);
        expect(ticks.length).toBeLessThanOrEqual(8);
      }),
      { seed: 3 },
    );
  });
});

describe('charts', () => {
  it('draw whatever was measured, also nothing and one sample', () => {
    const arrays = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 200 });
    fc.assert(
      fc.property(arrays, arrays, (one, two) => {
        expectSound(latencyHistogram('a', bucketsOf(one), 100));
        const series = [
          { name: 'one', buckets: bucketsOf(one) },
          { name: 'two', buckets: bucketsOf(two) },
        ];
        expectSound(percentileCurve('b', series, 100));
        expectSound(concurrencyChart('c', 'req/s', [{ name: 'x', points: one.map((value, at) => [at + 1, value]) }]));
      }),
      { seed: 5, numRuns: 60 },
    );
  });

  it('draw each request once and the limit where it is', () => {
    const svg = latencyHistogram('latency', bucketsOf([10, 10, 10, 20]), 15);
    const heights = [...svg.matchAll(/<rect[^>]*height="([\d.]+)"/g)].map((match) => Number(match[1]));
    const drawn = heights.filter((height) => height > 0);
    expect(drawn).toHaveLength(2);
    expect((drawn[0] ?? 0) / (drawn[1] ?? 1)).toBeCloseTo(3, 1);
    expect(svg).toContain('15 ms');
    expect(latencyHistogram('latency', bucketsOf([10]), 1500)).not.toContain('1500 ms');
  });

  it('claim no percentile that too few samples support', () => {
    const hundred = bucketsOf(Array.from({ length: 100 }, (_, i) => i + 1));
    const svg = percentileCurve('p', [{ name: 'x', buckets: hundred }]);
    expect(svg).toContain('>99<');
    expect(svg).not.toContain('>99.9<');
  });

  it('are readable in the dark, and safe for any title', () => {
    const svg = concurrencyChart('<script>"&', 'y', [{ name: 'a', points: [[1, 2]] }]);
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg).not.toContain('<script>');
    expect(escapeXml(`<>&"'`)).toBe('&#60;&#62;&#38;&#34;&#39;');
  });
});
