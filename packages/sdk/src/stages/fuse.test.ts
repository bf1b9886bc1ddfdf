import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FusionRules, fuse } from './speech.ts';

const ONSET = 0.75;
const RULES: FusionRules = { speech: 0.25, two: 0.5, second: 0.5 };

function fused(scores: readonly number[], speech: number, two: number, rules = RULES): number[] {
  const row = Float32Array.from(scores);
  fuse(row, speech, two, rules, ONSET);
  return [...row];
}

describe('fuse', () => {
  it('weighs the activity of the first speaker against the probability of speech', () => {
    expect(fused([1], 0, 0)).toEqual([0.75]);
    expect(fused([0.5], 1, 0)).toEqual([0.625]);
  });

  it('activates the second most active speaker if its activity and the probability of two are high enough', () => {
    const second = (activity: number, two: number) => fused([activity, 1], 1, two)[0]!;
    expect(second(0.5, 0.5)).toBeCloseTo(ONSET);
    expect(second(0.25, 0.5)).toBeLessThan(ONSET);
    expect(second(0.25, 0.875)).toBeGreaterThan(ONSET);
    expect(second(0.875, 0)).toBeLessThan(ONSET);
  });

  it('does not activate a second speaker without any activity', () => {
    expect(fused([0, 1], 1, 1)).toEqual([0, 1]);
    expect(fused([], 1, 1)).toEqual([]);
  });

  it('lowers the third speaker', () => {
    expect(fused([0.5, 1, 0.75], 1, 0)[0]).toBe(0.375);
  });

  it('never scores the second speaker above the first, nor anybody outside 0 to 1', () => {
    const unit = fc.float({ min: 0, max: 1, noNaN: true });
    const rules = fc.record({
      speech: unit,
      two: unit,
      second: fc.float({ min: Math.fround(0.01), max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 6 }), unit, unit, rules, (scores, speech, two, given) => {
        const result = fused(scores, speech, two, given);
        for (const score of result) expect(score).toBeGreaterThanOrEqual(0);
        for (const score of result) expect(score).toBeLessThanOrEqual(1 + 1e-6);
        const first = scores.indexOf(Math.max(...scores));
        const ranked = scores.map((score, k) => ({ score, k })).sort((a, b) => b.score - a.score || a.k - b.k);
        expect(ranked[0]?.k ?? -1).toBe(first);
        if (ranked[1]) expect(result[ranked[1].k]!).toBeLessThanOrEqual(result[first]! + 1e-6);
      }),
      { seed: 1 },
    );
  });

  it('does not decrease with the probabilities', () => {
    const unit = fc.float({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 4 }), unit, unit, unit, unit, (scores, a, b, c, d) => {
        const low = fused(scores, Math.min(a, b), Math.min(c, d));
        const high = fused(scores, Math.max(a, b), Math.max(c, d));
        for (const [k, score] of low.entries()) expect(high[k]!).toBeGreaterThanOrEqual(score);
      }),
      { seed: 1 },
    );
  });
});
