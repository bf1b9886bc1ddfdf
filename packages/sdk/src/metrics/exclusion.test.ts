import { describe, expect, it } from 'vitest';
import type { NoScoreZone } from '../annotation/rttm.ts';
import { evaluatedRegions, scoredRegions } from './exclusion.ts';

const SECOND = 1e6;
const segment = (start: number, end: number) => ({ start: start * SECOND, end: end * SECOND });
const laugh = (start: number, end: number): NoScoreZone => ({ start, end, type: 'NON-LEX' });
const reference = [segment(0, 3), segment(3, 5), segment(6, 10)];

/** Seconds, rounded to a millisecond. */
const inSeconds = (regions: readonly { start: number; end: number }[]) =>
  regions.map(({ start, end }) => [Math.round(start / 1000) / 1000, Math.round(end / 1000) / 1000]);
const scored = (zones: NoScoreZone[], options = {}) =>
  inSeconds(scoredRegions([segment(0, 12)], reference, zones, { collar: 0, skipOverlap: false, ...options }));

// The rules are those of md-eval's source (add_exclusion_zones_to_uem); its figures are checked in score.test.ts.
describe('zones of NON-LEX lines', () => {
  it.each<[string, NoScoreZone[], number[][]]>([
    [
      'half a second more on each side',
      [laugh(1, 1.5)],
      [
        [0, 0.5],
        [2, 12],
      ],
    ],
    [
      'not past the next speaker boundary',
      [laugh(2, 2.8)],
      [
        [0, 1.5],
        [3, 12],
      ],
    ],
    [
      'not before the last speaker boundary',
      [laugh(3.2, 3.4)],
      [
        [0, 3],
        [3.9, 12],
      ],
    ],
    [
      'from within one turn to within the next',
      [laugh(2.8, 3.2)],
      [
        [0, 2.3],
        [3.7, 12],
      ],
    ],
    [
      'one zone where a second is bridged',
      [laugh(1, 1.2), laugh(2.1, 2.2)],
      [
        [0, 0.5],
        [2.7, 12],
      ],
    ],
    [
      'two zones over a longer pause',
      [laugh(7, 7.2), laugh(8.3, 8.5)],
      [
        [0, 6.5],
        [7.7, 7.8],
        [9, 12],
      ],
    ],
    [
      'overlapping lines are one',
      [laugh(1, 1.5), laugh(1.2, 1.4)],
      [
        [0, 0.5],
        [2, 12],
      ],
    ],
    ['no end after the last boundary', [laugh(10.5, 10.7)], [[0, 10]]],
    ['nothing for a line of no length', [laugh(1, 1)], [[0, 12]]],
  ])('%s', (_, zones, expected) => {
    expect(scored(zones)).toEqual(expected);
  });
});

describe('scored regions', () => {
  it('exclude NOSCORE zones from evaluation, without widening them', () => {
    const zone: NoScoreZone = { start: 1, end: 4, type: 'NOSCORE' };
    expect(inSeconds(evaluatedRegions([segment(0, 12)], reference, [zone, laugh(8, 8.5)]))).toEqual([
      [0, 1],
      [4, 12],
    ]);
  });

  it('exclude collars on both sides of every boundary', () => {
    expect(scored([], { collar: 0.5 * SECOND })).toEqual([
      [0.5, 2.5],
      [3.5, 4.5],
      [6.5, 9.5],
      [10.5, 12],
    ]);
  });

  it('exclude time with two or more open turns', () => {
    const turns = [segment(0, 4), segment(3, 6), segment(5, 5), segment(6, 7)];
    expect(inSeconds(scoredRegions([segment(0, 12)], turns, [], { collar: 0, skipOverlap: true }))).toEqual([
      [0, 3],
      [4, 12],
    ]);
  });

  it('are merged if they overlap or touch', () => {
    expect(inSeconds(evaluatedRegions([segment(4, 6), segment(0, 2), segment(2, 3), segment(1, 2)], [], []))).toEqual([
      [0, 3],
      [4, 6],
    ]);
  });
});
