import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FrameTurn, type TurnRules, TurnTracker } from './hysteresis.ts';

function track(rules: TurnRules, rows: readonly (readonly number[])[]): FrameTurn[] {
  const turns: FrameTurn[] = [];
  const tracker = new TurnTracker(rules, (turn) => turns.push(turn));
  for (const row of rows) tracker.push(Float32Array.from(row));
  tracker.end();
  return turns.sort((a, b) => a.speaker - b.speaker || a.start - b.start);
}

/** The same in three plain passes over one speaker's scores. */
function plainly(rules: TurnRules, scores: readonly number[], speaker: number): FrameTurn[] {
  let on = false;
  const frames = scores.map((score) => {
    on = score > (on ? rules.offset : rules.onset);
    return on;
  });
  const runs: { start: number; end: number }[] = [];
  frames.forEach((lit, i) => {
    if (lit && !frames[i - 1]) runs.push({ start: i, end: i });
    const last = runs.at(-1);
    if (lit && last) last.end = i + 1;
  });
  const filled: { start: number; end: number }[] = [];
  for (const run of runs) {
    const last = filled.at(-1);
    if (last && run.start - last.end < Math.max(1, rules.shortestGap)) last.end = run.end;
    else filled.push({ ...run });
  }
  return filled
    .filter(({ start, end }) => end - start >= rules.shortestTurn)
    .map(({ start, end }) => {
      const lit = scores.slice(start, end).filter((_, i) => frames[start + i]);
      return { speaker, start, end, score: lit.reduce((sum, x) => sum + x, 0) / lit.length };
    });
}

describe('turns', () => {
  it('begin above the onset threshold and end below the offset threshold', () => {
    const rules = { onset: 0.6, offset: 0.3, shortestGap: 1, shortestTurn: 1 };
    const scores = [0.5, 0.7, 0.4, 0.31, 0.2, 0.5, 0.9];
    expect(
      track(
        rules,
        scores.map((x) => [x]),
      ).map(({ start, end }) => [start, end]),
    ).toEqual([
      [1, 4],
      [6, 7],
    ]);
  });

  it('equal those of three separate passes over the scores', () => {
    const law = fc.property(
      fc.array(fc.tuple(fc.float({ min: 0, max: 1, noNaN: true }), fc.float({ min: 0, max: 1, noNaN: true })), {
        maxLength: 80,
      }),
      fc.nat(6),
      fc.nat(6),
      fc.constantFrom([0.5, 0.5], [0.7, 0.3]),
      (rows, shortestGap, shortestTurn, [onset = 0.5, offset = 0.5]) => {
        const rules = { onset, offset, shortestGap, shortestTurn };
        const expected = [0, 1].flatMap((k) =>
          plainly(
            rules,
            rows.map((row) => row[k] ?? 0),
            k,
          ),
        );
        const found = track(rules, rows);
        expect(found.map(({ speaker, start, end }) => [speaker, start, end])).toEqual(
          expected.map(({ speaker, start, end }) => [speaker, start, end]),
        );
        found.forEach((turn, i) => {
          expect(turn.score).toBeCloseTo(expected[i]?.score ?? Number.NaN, 6);
        });
      },
    );
    fc.assert(law, { seed: 12, numRuns: 300 });
  });
});
