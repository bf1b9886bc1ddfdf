import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Annotation } from '../annotation/annotation.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { Turn } from '../contract/segment.ts';
import { type AssignWordsOptions, assignWords } from './assign-words.ts';

const turn = (start: number, end: number, speaker: string): Turn => ({ start, end, speaker });
const word = (start: number, end: number, text = 'w') => ({ start, end, text });
const speakers = (words: { start?: number; end?: number }[], turns: Turn[], options = {}) =>
  assignWords(words, turns, options).map(({ speaker }) => speaker);

describe('assignWords', () => {
  const turns = [turn(0, 4, 'A'), turn(3, 6, 'B'), turn(8, 9, 'A')];

  it.each([
    ['inside a turn', word(1, 2), 'A', 1],
    ['across a border: the larger share', word(2.9, 4.5), 'B', 0.9375],
    ['in overlap: who began earlier', word(3.2, 3.8), 'A', 1],
    ['in a gap: the nearer turn', word(6.5, 6.9), 'B', 0],
    ['in a gap: the nearer turn, after', word(7.5, 7.9), 'A', 0],
    ['in the middle of a gap: the turn before', word(6.8, 7.2), 'B', 0],
    ['before all', word(-2, -1), 'A', 0],
    ['after all', word(20, 21), 'A', 0],
    ['of no length, in a turn', word(5, 5), 'B', 1],
    ['of no length, where one ends', word(6, 6), 'B', 0],
    ['touching a turn only', word(7, 8), 'A', 0],
  ])('%s', (_, item, speaker, coverage) => {
    const [assigned] = assignWords([item], turns);
    expect(assigned?.speaker).toBe(speaker);
    expect(assigned?.coverage).toBeCloseTo(coverage, 9);
    expect(assigned?.text).toBe('w');
  });

  it('sums the overlap with all turns of a speaker, and counts overlapping turns of one speaker once', () => {
    expect(speakers([word(0, 10)], [turn(0, 2, 'A'), turn(3, 6, 'B'), turn(7, 9, 'A')])).toEqual(['A']);
    expect(speakers([word(0, 10)], [turn(0, 3, 'A'), turn(0, 3, 'A'), turn(4, 8, 'B')])).toEqual(['B']);
  });

  it('breaks a complete tie by length', () => {
    expect(speakers([word(0, 1)], [turn(0, 2, 'A'), turn(0, 3, 'B')])).toEqual(['B']);
  });

  it('assigns words without times to the speaker of the word before, or after at the beginning', () => {
    const words = [{ text: '2014' }, word(4.5, 5), { text: '€', start: null, end: null }, { text: 'x', start: 8.5 }];
    expect(assignWords(words, turns).map(({ speaker, coverage }) => [speaker, coverage])).toEqual([
      ['B', 0],
      ['B', 1],
      ['B', 0],
      ['A', 1],
    ]);
  });

  it('splits words without times at the end of a sentence, or at turn boundaries', () => {
    const two = [turn(0, 2, 'A'), turn(3.6, 6, 'B')];
    const say = (first: string, ...others: { text: string; start?: number; end?: number }[]) =>
      speakers([word(1, 1.4, first), ...others], two);
    expect(say('ok.', { text: '2014' }, word(4.2, 4.5, 'was'))).toEqual(['A', 'B', 'B']);
    expect(say('it', { text: 'was' }, { text: '2014.' }, { text: '$5' }, word(4.2, 4.5, 'then'))).toEqual([
      'A',
      'A',
      'A',
      'B',
      'B',
    ]);
    expect(say('so', { text: '1' }, { text: '2' }, { text: '3' }, word(5, 6, 'yes'))).toEqual([
      'A',
      'A',
      'B',
      'B',
      'B',
    ]);
    expect(say('Dr.', { text: '2014' }, word(4.2, 4.5, 'was'))).toEqual(['A', 'A', 'B']);
  });

  it('uses a label for unknown speakers', () => {
    expect(speakers([word(0, 1), {}], [])).toEqual(['UNKNOWN', 'UNKNOWN']);
    expect(speakers([word(0, 1)], [], { unknown: '?' })).toEqual(['?']);
    expect(speakers([word(9.4, 10), word(9.6, 10)], turns, { maxDistance: 0.5 })).toEqual(['A', 'UNKNOWN']);
  });

  it('accepts an annotation or an object with turns', () => {
    expect(assignWords([word(1, 2)], new Annotation(turns))[0]?.speaker).toBe('A');
    expect(assignWords([word(1, 2)], { turns })[0]?.speaker).toBe('A');
  });

  it('follows the rules, for words in any order', () => {
    const cell = fc.integer({ min: 0, max: 30 });
    const length = fc.integer({ min: 0, max: 8 });
    const someTurns = fc.array(
      fc
        .tuple(cell, length, fc.constantFrom('A', 'B', 'C'))
        .map(([start, n, speaker]) => turn(start, start + n + 1, speaker)),
      { minLength: 1, maxLength: 8 },
    );
    const someWords = fc.array(
      fc.tuple(cell, length).map(([start, n]) => word(start, start + n)),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(someTurns, someWords, (list, words) => {
        const merged = new Annotation(list).support().turns;
        const expected = words.map(({ start, end }) => {
          const held = (t: Turn) =>
            start === end
              ? Number(t.start <= start && start < t.end)
              : Math.max(0, Math.min(t.end, end) - Math.max(t.start, start));
          const shares = new Map<string, number>();
          for (const t of merged) shares.set(t.speaker, (shares.get(t.speaker) ?? 0) + held(t));
          const most = Math.max(...shares.values());
          if (most > 0) {
            const [first] = merged
              .filter((t) => shares.get(t.speaker) === most && held(t) > 0)
              .sort((a, b) => a.start - b.start || b.end - a.end);
            return first?.speaker;
          }
          const gap = (t: Turn) => (t.end <= start ? start - t.end : t.start - end);
          const nearest = Math.min(...merged.map(gap));
          const tied = merged.filter((t) => gap(t) === nearest);
          const before = tied.filter((t) => t.end <= start);
          return new Set((before.length > 0 ? before : tied).map((t) => t.speaker));
        });
        const assigned = assignWords(words, list);
        for (const [i, { speaker }] of assigned.entries()) {
          const want = expected[i];
          if (want instanceof Set) expect(want).toContain(speaker);
          else expect(speaker).toBe(want);
        }
        expect(assignWords(words.toReversed(), list).toReversed()).toEqual(assigned);
      }),
      { seed: 21, numRuns: 500 },
    );
  });

  it('assigns hours of words', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => turn(i, i + 1.2, `s${i % 7}`));
    const words = Array.from({ length: 50_000 }, (_, i) => word(i * 0.4 + 0.25, i * 0.4 + 0.6));
    // One word over everything must not slow down those after it.
    expect(assignWords([word(0, 20_000), ...words], many).every(({ coverage }) => coverage > 0)).toBe(true);
  });

  it.each([
    [[word(0, 1), word(Number.NaN, 1)], {}, 'words[1].start is NaN'],
    [[word(0, 1)], { maxDistance: -1 }, 'maxDistance is -1'],
    [[word(0, 1)], { snap: 'word' }, "snap is \"word\", expected 'none' or 'sentence'"],
    [{ segments: [] }, {}, 'words is of type object, expected ['],
    [null, {}, 'words is of type null'],
    [[null], {}, 'words[0] is null'],
    [[word(0, 1), { text: 'there', timestamp: [0.6, null] }], {}, 'words[1] has its times in "timestamp"'],
  ])('rejects invalid input (%#)', (words, options, message) => {
    const assign = () => assignWords(words as ReturnType<typeof word>[], turns, options as AssignWordsOptions);
    expect(assign).toThrow(VoiceFlowError);
    expect(assign).toThrow(message);
  });
});
