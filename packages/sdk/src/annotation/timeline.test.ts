import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VoiceFlowError } from '../contract/errors.ts';
import type { Segment } from '../contract/segment.ts';
import { covered } from './intervals.ts';
import { Timeline } from './timeline.ts';

const CELLS = 30;
/** Segments with whole seconds for ends, so that a raster of one-second cells holds them exactly. */
const segments = fc
  .array(
    fc.tuple(fc.nat(CELLS), fc.nat(8)).map(([start, length]) => ({ start, end: Math.min(CELLS, start + length) })),
    { maxLength: 8 },
  )
  .map((list) => list.filter(({ start, end }) => start <= end));
const PROPERTY = { seed: 8, numRuns: 300 };

const raster = (list: Iterable<Segment>): number[] => {
  const cells = new Array<number>(CELLS).fill(0);
  for (const { start, end } of list) for (let i = start; i < end; i++) cells[i] = (cells[i] ?? 0) + 1;
  return cells;
};
const holds = (list: Iterable<Segment>): boolean[] => raster(list).map((count) => count > 0);

describe('Timeline', () => {
  it('is ordered, on the microsecond grid, without empty segments', () => {
    const timeline = new Timeline([
      { start: 5, end: 6 },
      { start: 0.1 + 0.2, end: 0.6 },
      { start: 0.3, end: 0.5 },
      { start: 1, end: 1.0000000001 },
    ]);
    expect([...timeline]).toEqual([
      { start: 0.3, end: 0.5 },
      { start: 0.3, end: 0.6 },
      { start: 5, end: 6 },
    ]);
    expect(timeline.extent).toEqual({ start: 0.3, end: 6 });
  });

  it('is immutable', () => {
    const timeline = new Timeline([{ start: 0, end: 1 }]);
    expect(() => (timeline.segments as Segment[]).push({ start: 1, end: 2 })).toThrow(TypeError);
    expect(() => Object.assign(timeline.segments[0] as Segment, { end: 9 })).toThrow(TypeError);
  });

  it('computes unions, gaps, crops and complements like a raster', () => {
    fc.assert(
      fc.property(segments, segments, (a, b) => {
        const [first, second] = [new Timeline(a), new Timeline(b)];
        const [inA, inB] = [holds(a), holds(b)];
        const disjoint = (timeline: Timeline) =>
          timeline.segments.every(({ start }, i) => i === 0 || start > (timeline.segments[i - 1]?.end ?? 0));
        expect(holds(first.support())).toEqual(inA);
        expect(disjoint(first.support())).toBe(true);
        expect(first.duration).toBe(inA.filter(Boolean).length);
        expect(raster(first.crop(second))).toEqual(raster(a).map((count, i) => (inB[i] ? count : 0)));
        expect(raster(first.extrude(second))).toEqual(raster(a).map((count, i) => (inB[i] ? 0 : count)));
        expect(holds(first.gaps({ start: 0, end: CELLS }))).toEqual(inA.map((held) => !held));
        expect(raster(first.union(second))).toEqual(raster([...a, ...b]));
        expect(inA.map((_, i) => first.covers(i + 0.5))).toEqual(inA);
        expect(holds(covered(a, 2))).toEqual(raster(a).map((count) => count >= 2));
      }),
      PROPERTY,
    );
  });

  it('fills gaps up to a length', () => {
    const timeline = new Timeline([
      { start: 0, end: 1 },
      { start: 1.5, end: 1.7 },
      { start: 1.9, end: 2 },
      { start: 2.6, end: 3 },
    ]);
    expect(timeline.support(0.5).segments).toEqual([
      { start: 0, end: 2 },
      { start: 2.6, end: 3 },
    ]);
  });

  it('fills a gap of exactly that length in spite of rounding', () => {
    const timeline = new Timeline([
      { start: 0, end: 0.3 },
      { start: 0.4, end: 0.5 },
    ]);
    expect(0.4 - 0.3).toBeGreaterThan(0.1);
    expect(timeline.support(0.1).segments).toEqual([{ start: 0, end: 0.5 }]);
  });

  it('has neither extent nor gaps if empty', () => {
    const empty = new Timeline();
    expect([empty.extent, empty.length, empty.duration]).toEqual([undefined, 0, 0]);
    expect([...empty.gaps(), ...empty.support(), ...empty.extrude({ start: 0, end: 1 })]).toEqual([]);
    expect(empty.gaps({ start: 0, end: 2 }).segments).toEqual([{ start: 0, end: 2 }]);
  });

  it.each([
    [{ start: 1, end: 0 }, 'ends at 0 s, before it starts at 1 s'],
    [{ start: Number.NaN, end: 1 }, 'segments[0].start is NaN'],
    [{ start: 0, end: Number.POSITIVE_INFINITY }, 'segments[0].end is Infinity'],
    [{ start: '0', end: 1 } as unknown as Segment, 'segments[0].start is "0"'],
  ])('rejects %j', (segment, message) => {
    expect(() => new Timeline([segment])).toThrow(VoiceFlowError);
    expect(() => new Timeline([segment])).toThrow(message);
  });
});
