import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Timeline } from '../annotation/timeline.ts';
import type { Segment, Turn } from '../contract/segment.ts';
import { scoreDiarization } from './score.ts';

const turn = (start: number, end: number, speaker: string): Turn => ({ start, end, speaker });

describe('compared with a raster that tries every mapping', () => {
  const CELLS = 32;
  const side = (labels: string[]) =>
    fc.array(
      fc
        .tuple(fc.nat(CELLS / 2 - 1), fc.integer({ min: 1, max: 6 }), fc.constantFrom(...labels))
        .map(([start, length, speaker]) => turn(2 * start, Math.min(CELLS, 2 * (start + length)), speaker)),
      { maxLength: 6 },
    );
  const active = (turns: Turn[], cell: number) => [
    ...new Set(turns.filter(({ start, end }) => start <= cell && cell < end).map(({ speaker }) => speaker)),
  ];
  const inside = (regions: Segment[], cell: number) => regions.some(({ start, end }) => start <= cell && cell < end);

  /** All one-to-one maps of some of `from` to `to`. */
  function* mappings(from: string[], to: string[]): Generator<Map<string, string>> {
    const [first, ...rest] = from;
    if (first === undefined) {
      yield new Map();
      return;
    }
    for (const target of [undefined, ...to]) {
      for (const map of mappings(
        rest,
        to.filter((other) => other !== target),
      )) {
        yield target === undefined ? map : new Map([...map, [first, target]]);
      }
    }
  }

  it('times and JER are equal', () => {
    // Turns begin and end at even seconds, regions at odd ones: where they coincide md-eval has ways of its own.
    const region = fc
      .tuple(fc.nat(CELLS / 2 - 1), fc.nat(CELLS / 2 - 1))
      .map(([a, b]) => ({ start: 2 * Math.min(a, b) + 1, end: 2 * Math.max(a, b) + 1 }));
    const args = [
      side(['A', 'B', 'C']),
      side(['x', 'y', 'z']),
      fc.array(region, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      fc.constantFrom(0, 1, 2, 4),
    ] as const;
    fc.assert(
      fc.property(...args, (reference, hypothesis, regions, skipOverlap, collar) => {
        const cells = Array.from({ length: CELLS }, (_, cell) => cell).filter((cell) => inside(regions, cell));
        const both = cells.map((cell) => ({ cell, refs: active(reference, cell), hyps: active(hypothesis, cell) }));
        const shared = (map: Map<string, string>, where = both) =>
          where.reduce(
            (sum, { refs, hyps }) => sum + refs.filter((ref) => hyps.includes(map.get(ref) ?? '')).length,
            0,
          );
        const maps = [...mappings(['A', 'B', 'C'], ['x', 'y', 'z'])];
        const most = Math.max(...maps.map((map) => shared(map)));
        const scored = both.filter(({ cell }) => {
          const open = reference.filter(({ start, end }) => start <= cell && cell < end).length;
          const near = reference.some(({ start, end }) =>
            [start, end].some((at) => at - collar <= cell && cell < at + collar),
          );
          return !near && !(skipOverlap && open > 1);
        });
        const sum = (value: (r: number, h: number) => number) =>
          scored.reduce((total, { refs, hyps }) => total + value(refs.length, hyps.length), 0);
        const matched = sum(Math.min);

        const { total } = scoreDiarization(reference, hypothesis, { uem: new Timeline(regions), collar, skipOverlap });
        expect(total.scored).toBe(reference.length > 0 ? sum((r) => r) : 0);
        expect(total.miss).toBe(sum((r, h) => Math.max(r - h, 0)));
        if (reference.length > 0) expect(total.falseAlarm).toBe(sum((r, h) => Math.max(h - r, 0)));
        // Where several mappings are best, the confusion is that of one of them.
        const confusions = maps.filter((map) => shared(map) === most).map((map) => matched - shared(map, scored));
        expect(confusions).toContain(total.confusion);

        const errors = maps.map((map) => {
          const active = ['A', 'B', 'C'].filter((ref) => both.some(({ refs }) => refs.includes(ref)));
          const error = (ref: string) => {
            const hyp = map.get(ref) ?? '';
            const either = both.filter(({ refs, hyps }) => refs.includes(ref) || hyps.includes(hyp)).length;
            return 1 - both.filter(({ refs, hyps }) => refs.includes(ref) && hyps.includes(hyp)).length / either;
          };
          return active.reduce((total, ref) => total + error(ref), 0) / active.length;
        });
        const somebody = both.some(({ hyps }) => hyps.length > 0);
        const least = Math.min(...errors);
        const expected = Number.isNaN(least) ? (somebody ? 1 : 0) : least;
        if (reference.length + hypothesis.length > 0) expect(total.jer).toBeCloseTo(100 * expected, 9);
      }),
      { seed: 22, numRuns: 500 },
    );
  });

  it('do not depend on labels, order, or splitting of turns without a collar', () => {
    fc.assert(
      fc.property(side(['A', 'B', 'C']), side(['x', 'y', 'z']), (reference, hypothesis) => {
        const { total } = scoreDiarization(reference, hypothesis);
        const renamed = hypothesis.toReversed().map((item) => ({ ...item, speaker: `other ${item.speaker}` }));
        const split = reference.flatMap(({ start, end, speaker }) => [
          turn(start, (start + end) / 2, speaker),
          turn((start + end) / 2, end, speaker),
        ]);
        expect(scoreDiarization(split, renamed).total).toEqual(total);
        if (reference.length > 0)
          expect(scoreDiarization(reference, reference).total).toMatchObject({ der: 0, jer: 0 });
      }),
      { seed: 23, numRuns: 200 },
    );
  });
});
