import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Powerset, powersetClasses } from './powerset.ts';

describe('powerset', () => {
  it('lists classes in the order of pyannote', () => {
    expect(powersetClasses(3, 2)).toEqual([[], [0], [1], [2], [0, 1], [0, 2], [1, 2]]);
    expect(powersetClasses(2, 1)).toEqual([[], [0], [1]]);
    expect(powersetClasses(4, 3)).toHaveLength(1 + 4 + 6 + 4);
  });

  it('computes the probability of speech from logits or log-probabilities', () => {
    const powerset = new Powerset(3, 2);
    const scores = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(scores, fc.double({ min: -20, max: 20, noNaN: true }), (values, shift) => {
        const e = values.map(Math.exp);
        const silence = (e[0] as number) / e.reduce((a, b) => a + b, 0);
        const moved = values.map((x) => x + shift);
        expect(powerset.speech(Float32Array.from(values))[0]).toBeCloseTo(1 - silence, 4);
        expect(powerset.speech(Float32Array.from(moved))[0]).toBeCloseTo(1 - silence, 3);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it('selects the most likely class, the lower one in ties', () => {
    const powerset = new Powerset(3, 2);
    const rows = Float32Array.of(0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, 5, 4);
    expect([...powerset.likeliest(rows)]).toEqual([0, 5]);
    expect([...powerset.decisions(rows)]).toEqual([0, 0, 0, 1, 0, 1]);
  });
});
