import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { raiseSecond } from './overlap.ts';

function raised(scores: readonly number[], least = 0.25, onset = 0.75): number[] {
  const row = Float32Array.from(scores);
  raiseSecond(row, { least }, onset);
  return [...row];
}

describe('raiseSecond', () => {
  it('activates the second most active speaker', () => {
    const [a, b, c] = raised([0.5, 0.125, 1]);
    expect([b, c]).toEqual([0.125, 1]);
    expect(a).toBeGreaterThan(0.75);
  });

  it('does not change active speakers, or those without evidence', () => {
    expect(raised([0.875, 1])).toEqual([0.875, 1]);
    expect(raised([0.25, 1])).toEqual([0.25, 1]);
    expect(raised([0.5])).toEqual([0.5]);
    expect(raised([])).toEqual([]);
  });

  it('changes at most one score, to an active one', () => {
    const scores = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
    fc.assert(
      fc.property(scores, (given) => {
        const before = [...Float32Array.from(given)];
        const changed = raised(given).filter((score, i) => score !== before[i]);
        expect(changed.length).toBeLessThanOrEqual(1);
        for (const score of changed) expect(score).toBeGreaterThan(0.75);
      }),
      { seed: 1 },
    );
  });
});
