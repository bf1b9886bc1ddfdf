import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FrameTurn, TurnTracker } from '../stages/hysteresis.ts';
import { type LiveTurn, TurnBuilder } from './turn-builder.ts';

const RULES = { onset: 0.6, offset: 0.4, shortestGap: 4, shortestTurn: 3 };

/** Looks at one speaker's scores every `hop` frames, final `lag` frames before the present. */
function follow(scores: Float32Array, hop: number, lag: number) {
  const builder = new TurnBuilder(RULES);
  const ended: LiveTurn[] = [];
  const ids = new Set<number>();
  const look = (final: number, present: number, isEnd = false) => {
    const told = builder.update(new Map([[0, scores.subarray(builder.final, present)]]), final, present, isEnd);
    for (const { id } of told.started) ids.add(id);
    ended.push(...told.ended);
  };
  let present = 0;
  while (present + hop <= scores.length) {
    present += hop;
    look(Math.max(builder.final, present - lag + hop), present);
  }
  look(scores.length, scores.length, true);
  return { turns: ended.filter(({ start, end }) => end > start), ended, ids };
}

function offline(scores: Float32Array): FrameTurn[] {
  const turns: FrameTurn[] = [];
  const tracker = new TurnTracker(RULES, (turn) => turns.push(turn));
  for (const score of scores) tracker.push(Float32Array.of(score));
  tracker.end();
  return turns;
}

const scores = fc
  .array(fc.record({ length: fc.integer({ min: 1, max: 9 }), score: fc.constantFrom(0, 0.5, 0.9) }), { maxLength: 30 })
  .map((runs) => Float32Array.from(runs.flatMap(({ length, score }) => new Array<number>(length).fill(score))));

describe('TurnBuilder', () => {
  it('makes the same turns as for a recording if the lag is long enough', () => {
    const law = fc.property(scores, fc.integer({ min: 1, max: 12 }), (all, hop) => {
      const { turns } = follow(all, hop, hop + RULES.shortestGap + RULES.shortestTurn);
      expect(turns.map(({ start, end }) => [start, end])).toEqual(offline(all).map(({ start, end }) => [start, end]));
    });
    fc.assert(law, { seed: 1, numRuns: 300 });
  });

  it('ends every started turn once, for any lag', () => {
    const law = fc.property(scores, fc.integer({ min: 1, max: 12 }), fc.nat(12), (all, hop, more) => {
      const { ended, ids, turns } = follow(all, hop, hop + more);
      expect(ended.map(({ id }) => id).sort((a, b) => a - b)).toEqual([...ids].sort((a, b) => a - b));
      for (const [i, turn] of turns.entries())
        expect(turns[i + 1]?.start ?? all.length).toBeGreaterThanOrEqual(turn.end);
    });
    fc.assert(law, { seed: 2, numRuns: 300 });
  });

  it('continues a turn if all frames become final at once, as when windows are skipped', () => {
    const { turns } = follow(new Float32Array(40).fill(0.9), 8, 8);
    expect(turns).toMatchObject([{ start: 0, end: 40 }]);
  });

  it('keeps a turn’s id when its speaker changes, until its start is final', () => {
    const builder = new TurnBuilder(RULES);
    const on = new Float32Array(20).fill(0.9);
    expect(builder.update(new Map([[0, on.subarray(0, 10)]]), 0, 10).started).toMatchObject([{ id: 0, speaker: 0 }]);
    expect(builder.update(new Map([[1, on.subarray(0, 12)]]), 0, 12).changed).toMatchObject([
      { id: 0, speaker: 1, end: 12 },
    ]);
    expect(builder.update(new Map([[1, on.subarray(0, 14)]]), 4, 14).changed).toMatchObject([{ id: 0, speaker: 1 }]);
    const { started, ended } = builder.update(new Map([[0, on.subarray(0, 12)]]), 8, 16);
    expect(started).toMatchObject([{ id: 1, speaker: 0, start: 4 }]);
    expect(ended).toMatchObject([{ id: 0, speaker: 1, start: 0, end: 4 }]);
  });

  it('withdraws a tentative turn that turns out to be none', () => {
    const builder = new TurnBuilder(RULES);
    builder.update(new Map([[0, new Float32Array(10).fill(0.9)]]), 0, 10);
    const { ended } = builder.update(new Map(), 0, 12);
    expect(ended).toEqual([{ id: 0, speaker: 0, start: 0, end: 0 }]);
  });

  it('assigns open turns to the merged speaker', () => {
    const builder = new TurnBuilder(RULES);
    builder.update(new Map([[5, new Float32Array(10).fill(0.9)]]), 6, 10);
    builder.merge(5, 2);
    expect(builder.open).toMatchObject([{ id: 0, speaker: 2 }]);
    expect(builder.bothSpeak(2, 5)).toBe(false);
    const { ended } = builder.update(new Map([[2, new Float32Array(4).fill(0.9)]]), 20, 20, true);
    expect(ended).toMatchObject([{ id: 0, speaker: 2, start: 0, end: 10 }]);
  });

  it('keeps the open turn of a speaker when one without an open turn is merged into it', () => {
    const builder = new TurnBuilder({ onset: 0.5, offset: 0.5, shortestGap: 5, shortestTurn: 6 });
    const on = (from: number, to: number) => Float32Array.from({ length: 20 }, (_, i) => Number(i >= from && i < to));
    const scores = new Map([
      [0, on(7, 10)],
      [1, on(0, 20)],
    ]);
    builder.update(scores, 10, 20);
    expect(builder.bothSpeak(0, 1)).toBe(false);
    builder.merge(0, 1);
    expect(builder.open).toMatchObject([{ speaker: 1, start: 0 }]);
    expect(builder.update(new Map([[1, on(0, 10)]]), 20, 30).ended).toEqual([]);
    expect(builder.update(new Map(), 40, 40, true).ended).toMatchObject([{ id: 0, speaker: 1, start: 0, end: 20 }]);
  });

  it('ends every started turn once, for any merges', () => {
    const voices = fc.array(scores, { minLength: 2, maxLength: 3 });
    const mergers = fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { maxLength: 20 });
    const law = fc.property(voices, fc.integer({ min: 1, max: 9 }), fc.nat(9), mergers, (all, hop, more, pairs) => {
      const builder = new TurnBuilder(RULES);
      const [started, ended]: [number[], LiveTurn[]] = [[], []];
      const now = all.map((_, speaker) => speaker);
      const length = Math.max(...all.map((row) => row.length)) + 1;
      for (let present = hop; ; present = Math.min(length, present + hop)) {
        const final = present === length ? length : Math.max(builder.final, present - hop - more);
        const heard = new Map<number, Float32Array>();
        all.forEach((row, speaker) => {
          const into = now[speaker] as number;
          const sum = heard.get(into) ?? new Float32Array(present - builder.final);
          heard.set(
            into,
            sum.map((x, i) => Math.max(x, row[builder.final + i] ?? 0)),
          );
        });
        const told = builder.update(heard, final, present, present === length);
        started.push(...told.started.map(({ id }) => id));
        ended.push(...told.ended);
        if (present === length) break;
        const [from = 0, into = 0] = pairs.shift() ?? [];
        const [a, b] = [now[from] ?? 0, now[into] ?? 0];
        if (a === b) continue;
        builder.merge(a, b);
        now.forEach((speaker, i) => {
          if (speaker === a) now[i] = b;
        });
      }
      const order = (ids: number[]) => [...ids].sort((a, b) => a - b);
      expect(order(ended.map(({ id }) => id))).toEqual(order(started));
    });
    fc.assert(law, { seed: 3, numRuns: 300 });
  });
});
