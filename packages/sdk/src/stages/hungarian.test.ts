import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VoiceFlowError } from '../contract/errors.ts';
import { assignment } from './hungarian.ts';

/** The best total over all ways to pair the short side, by trying them all. */
function exhaustive(cost: number[][], pick: (a: number, b: number) => number): number {
  const rows = cost.length;
  const columns = cost[0]?.length ?? 0;
  const at =
    rows <= columns ? (i: number, j: number) => cost[i]?.[j] ?? 0 : (i: number, j: number) => cost[j]?.[i] ?? 0;
  const long = Math.max(rows, columns);
  const short = Math.min(rows, columns);
  const best = (i: number, used: number): number => {
    if (i === short) return 0;
    const totals: number[] = [];
    for (let j = 0; j < long; j++) if (!(used & (1 << j))) totals.push(at(i, j) + best(i + 1, used | (1 << j)));
    return totals.reduce((a, b) => pick(a, b));
  };
  return best(0, 0);
}

const total = (cost: number[][], map: Int32Array) =>
  cost.reduce((sum, row, i) => sum + ((map[i] ?? -1) < 0 ? 0 : (row[map[i] as number] ?? Number.NaN)), 0);

const matrix = (element: fc.Arbitrary<number>) =>
  fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
    .chain(([rows, columns]) =>
      fc.array(fc.array(element, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
    );

describe('assignment', () => {
  it.each([
    ['integers with many ties', fc.integer({ min: -3, max: 3 }).map(Number)],
    ['real numbers', fc.double({ min: -1e3, max: 1e3, noNaN: true })],
  ])('finds the best total of all one-to-one assignments: %s', (_, element) => {
    fc.assert(
      fc.property(matrix(element), fc.boolean(), (cost, maximize) => {
        const rows = cost.length;
        const columns = cost[0]?.length ?? 0;
        const map = assignment(Float64Array.from(cost.flat()), rows, columns, { maximize });
        const taken = [...map].filter((j) => j >= 0);
        expect(map).toHaveLength(rows);
        expect(new Set(taken).size).toBe(Math.min(rows, columns));
        expect(taken.every((j) => j < columns)).toBe(true);
        expect(total(cost, map)).toBeCloseTo(exhaustive(cost, maximize ? Math.max : Math.min), 6);
      }),
      { seed: 20261125, numRuns: 400 },
    );
  });

  it('finds the optimum where a greedy choice fails', () => {
    const cost = Float64Array.of(10, 9, 9, 1);
    expect([...assignment(cost, 2, 2, { maximize: true })]).toEqual([1, 0]);
    expect([...assignment(cost, 2, 2)]).toEqual([0, 1]);
  });

  it('leaves surplus rows unassigned', () => {
    expect([...assignment(Float64Array.of(3, 1, 2), 3, 1)]).toEqual([-1, 0, -1]);
    expect([...assignment(Float64Array.of(3, 1, 2), 1, 3)]).toEqual([1]);
  });

  it('handles empty matrices', () => {
    expect([...assignment(new Float64Array(0), 0, 0)]).toEqual([]);
    expect([...assignment(new Float64Array(0), 0, 4)]).toEqual([]);
    expect([...assignment(new Float64Array(0), 3, 0)]).toEqual([-1, -1, -1]);
  });

  it('finds a known optimum at a size that is too large for enumeration', () => {
    // cost[i][j] = (i+1)(j+1): the smallest total pairs the ends (rearrangement inequality).
    const n = 60;
    const cost = Float64Array.from({ length: n * n }, (_, k) => (Math.floor(k / n) + 1) * ((k % n) + 1));
    expect([...assignment(cost, n, n)]).toEqual(Array.from({ length: n }, (_, i) => n - 1 - i));
    expect([...assignment(cost, n, n, { maximize: true })]).toEqual(Array.from({ length: n }, (_, i) => i));
  });

  it.each([
    ['NaN', Float64Array.of(1, Number.NaN), 1, 2],
    ['infinity', Float64Array.of(1, Number.POSITIVE_INFINITY), 1, 2],
  ])('rejects an invalid %s', (_, cost, rows, columns) => {
    expect(() => assignment(cost, rows, columns)).toThrow(VoiceFlowError);
  });
});
