import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VoiceFlowError } from '../contract/errors.ts';
import type { Turn } from '../contract/segment.ts';
import { Annotation } from './annotation.ts';
import { exclusiveTurns } from './exclusive.ts';

const turn = (start: number, end: number, speaker: string, confidence?: number): Turn =>
  confidence === undefined ? { start, end, speaker } : { start, end, speaker, confidence };

const CELLS = 24;
const turns = fc.array(
  fc
    .tuple(
      fc.nat(CELLS - 1),
      fc.integer({ min: 0, max: 9 }),
      fc.constantFrom('A', 'B', 'C'),
      fc.option(fc.constantFrom(0.25, 0.5, 0.75)),
    )
    .map(([start, length, speaker, sure]) => turn(start, Math.min(CELLS, start + length), speaker, sure ?? undefined)),
  { maxLength: 9 },
);
const PROPERTY = { seed: 81, numRuns: 400 };

const speakersAt = (list: Iterable<Turn>, cell: number): string[] =>
  [...new Set([...list].filter(({ start, end }) => start <= cell && cell < end).map(({ speaker }) => speaker))].sort();
const raster = (list: Iterable<Turn>): string[][] =>
  Array.from({ length: CELLS }, (_, cell) => speakersAt([...list], cell));

describe('Annotation', () => {
  const meeting = new Annotation(
    [turn(6, 9, 'B'), turn(0, 4, 'B', 0.5), turn(3, 5, 'A'), turn(4, 6, 'B', 1)],
    'meeting',
  );

  it('orders turns and numbers speakers in order of first appearance', () => {
    expect(meeting.turns.map(({ start, speaker }) => `${start}${speaker}`)).toEqual(['0B', '3A', '4B', '6B']);
    expect(meeting.labels).toEqual(['B', 'A']);
    expect([meeting.length, meeting.uri, meeting.extent]).toEqual([4, 'meeting', { start: 0, end: 9 }]);
  });

  it('is immutable', () => {
    expect(() => Object.assign(meeting.turns[0] as Turn, { speaker: 'X' })).toThrow(TypeError);
    expect(() => (meeting.turns as Turn[]).pop()).toThrow(TypeError);
    expect(() => (meeting.labels as string[]).pop()).toThrow(TypeError);
  });

  it('merges adjacent turns; the confidence is the time-weighted mean if all have one', () => {
    expect(new Annotation([turn(0, 3, 'A', 0.5), turn(3, 4, 'A', 0.9)]).support().turns).toEqual([
      turn(0, 4, 'A', 0.6),
    ]);
    expect(meeting.support().turns).toEqual([turn(0, 9, 'B'), turn(3, 5, 'A')]);
  });

  it('fills pauses up to and including a length', () => {
    const paused = new Annotation([turn(0, 0.7, 'A'), turn(1.2, 2, 'A'), turn(2.6, 3, 'A')]);
    expect(paused.support(0.5).turns).toEqual([turn(0, 2, 'A'), turn(2.6, 3, 'A')]);
  });

  it('rejects an invalid length', () => {
    expect(() => meeting.support(-1)).toThrow('maxGap is -1, expected seconds of at least 0');
    expect(() => meeting.timeline().support(Number.NaN)).toThrow('maxGap is NaN');
  });

  it('returns the seconds of each speaker', () => {
    expect([...meeting.seconds()]).toEqual([
      ['B', 9],
      ['A', 2],
    ]);
  });

  it('renames by a table or a function, which can merge speakers', () => {
    expect(meeting.rename({ B: 'Ada' }).labels).toEqual(['Ada', 'A']);
    expect(meeting.rename((label) => `x${label}`).labels).toEqual(['xB', 'xA']);
    expect(meeting.rename(() => 'all').support().turns).toEqual([turn(0, 9, 'all')]);
    expect(meeting.rename({ toString: 'no' }).labels).toEqual(['B', 'A']);
  });

  it('selects speakers, returns timelines, keeps its URI', () => {
    expect(meeting.subset(['A']).turns).toEqual([turn(3, 5, 'A')]);
    expect(meeting.timeline('A').segments).toEqual([{ start: 3, end: 5 }]);
    expect(meeting.timeline().duration).toBe(9);
    expect([meeting.subset([]), meeting.crop({ start: 0, end: 1 }), meeting.exclusive()].map(({ uri }) => uri)).toEqual(
      Array(3).fill('meeting'),
    );
  });

  it('crops, and computes support and overlap like a raster', () => {
    fc.assert(
      fc.property(turns, fc.nat(CELLS), fc.nat(CELLS), (list, a, b) => {
        const annotation = new Annotation(list);
        const cells = raster(list);
        const [start, end] = a < b ? [a, b] : [b, a];
        expect(raster(annotation)).toEqual(cells);
        expect(raster(annotation.support())).toEqual(cells);
        expect(raster(annotation.crop({ start, end }))).toEqual(cells.map((s, i) => (start <= i && i < end ? s : [])));
        const overlap = annotation.overlap();
        expect(cells.map((_, i) => overlap.covers(i))).toEqual(cells.map((s) => s.length > 1));
        for (const [speaker, seconds] of annotation.seconds()) {
          expect(seconds).toBe(cells.filter((s) => s.includes(speaker)).length);
        }
      }),
      PROPERTY,
    );
  });

  it.each([
    [turn(0, 1, ''), 'turns[0].speaker is ""'],
    [turn(0, 1, 'A', 1.1), 'turns[0].confidence is 1.1'],
    [turn(2, 1, 'A'), 'turns[0] ends at 1 s, before it starts at 2 s'],
    [{ start: 0, end: 1 } as unknown as Turn, 'turns[0].speaker is undefined'],
  ])('rejects %j', (bad, message) => {
    expect(() => new Annotation([bad])).toThrow(VoiceFlowError);
    expect(() => new Annotation([bad])).toThrow(message);
  });
});

describe('exclusiveTurns', () => {
  it('keeps the current speaker if turns have no confidence', () => {
    expect(exclusiveTurns([turn(0, 10, 'A'), turn(4, 5, 'B'), turn(8, 12, 'B')])).toEqual([
      turn(0, 10, 'A'),
      turn(10, 12, 'B'),
    ]);
  });

  it('prefers the turn with the higher confidence', () => {
    expect(exclusiveTurns([turn(0, 10, 'A', 0.6), turn(4, 5, 'B', 0.9)])).toEqual([
      turn(0, 4, 'A', 0.6),
      turn(4, 5, 'B', 0.9),
      turn(5, 10, 'A', 0.6),
    ]);
  });

  it('joins adjacent parts of one speaker into one turn', () => {
    expect(exclusiveTurns([turn(0, 3, 'A', 0.5), turn(2, 4, 'A', 0.9), turn(4, 5, 'A', 0.9)])).toEqual([
      turn(0, 5, 'A', (2 * 0.5 + 3 * 0.9) / 5),
    ]);
    expect(exclusiveTurns([turn(0, 3, 'A'), turn(4, 5, 'A')])).toHaveLength(2);
  });

  it('breaks ties by length, then by label', () => {
    expect(exclusiveTurns([turn(0, 2, 'A'), turn(0, 3, 'B')])).toEqual([turn(0, 3, 'B')]);
    expect(exclusiveTurns([turn(0, 2, 'B'), turn(0, 2, 'A')])).toEqual([turn(0, 2, 'A')]);
  });

  it('has exactly one speaker wherever there is speech, chosen by the rules', () => {
    fc.assert(
      fc.property(turns, (list) => {
        const exclusive = exclusiveTurns(list);
        expect(exclusive.every(({ start }, i) => i === 0 || start >= (exclusive[i - 1]?.end ?? 0))).toBe(true);
        for (let cell = 0; cell < CELLS; cell++) {
          const [first] = list
            .filter(({ start, end }) => start <= cell && cell < end)
            .sort(
              (a, b) =>
                (b.confidence ?? 0) - (a.confidence ?? 0) ||
                a.start - b.start ||
                b.end - a.end ||
                a.speaker.localeCompare(b.speaker),
            );
          expect(speakersAt(exclusive, cell)).toEqual(first === undefined ? [] : [first.speaker]);
        }
        expect(exclusiveTurns(exclusive)).toEqual(exclusive);
      }),
      PROPERTY,
    );
  });
});
