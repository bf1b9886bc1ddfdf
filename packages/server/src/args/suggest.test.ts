import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from './suggest.ts';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['abc', '', 3],
    ['kitten', 'sitting', 3],
    ['rtmm', 'rttm', 1],
    ['spekaers', 'speakers', 1],
    ['a cat', 'an abct', 4],
  ])('from %j to %j is %d', (a, b, edits) => {
    expect(editDistance(a, b)).toBe(edits);
  });

  it('is symmetric, zero only for equal words, and at most the longer length', () => {
    const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const edits = editDistance(a, b);
        expect(edits).toBe(editDistance(b, a));
        expect(edits === 0).toBe(a === b);
        expect(edits).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
      { seed: 8 },
    );
  });
});

describe('nearest', () => {
  it('finds the intended word, also from its prefix, and none for unrelated words', () => {
    const commands = ['diarize', 'embed', 'enroll', 'identify', 'score', 'models'];
    expect(nearest('diarise', commands)).toBe('diarize');
    expect(nearest('model', commands)).toBe('models');
    expect(nearest('dia', commands)).toBe('diarize');
    expect(nearest('socre', commands)).toBe('score');
    expect(nearest('transcribe', commands)).toBeUndefined();
    expect(nearest('x', commands)).toBeUndefined();
  });
});
