import { describe, expect, it } from 'vitest';
import { seededRandom } from 'voiceflow-ml/testing';
import { drawsOf, gridOf, type SetScore, search } from './search.ts';

const GRID = [
  ['cluster.rate', [1, 2, 3]],
  ['turns.onset', [0.4, 0.8]],
  ['turns.offset', [0.3, 0.6]],
] as const;
const START: Readonly<Record<string, number>> = { 'cluster.rate': 1, 'turns.onset': 0.8, 'turns.offset': 0.3 };
const at = (path: string) => START[path] ?? Number.NaN;
const scores = (der: number): SetScore[] => [{ set: 'x', der, countError: 0 }];

describe('search', () => {
  it('finds the best value of each setting, and keeps settings that bring no gain', async () => {
    const found = await search(
      GRID,
      at,
      async (choice) =>
        scores(20 - 3 * Number(choice['cluster.rate'] === 3) - 0.05 * Number(choice['turns.onset'] === 0.4)),
      [],
      () => {},
    );
    expect(found).toEqual({ 'cluster.rate': 3 });
  });

  it('continues from the best random draw', async () => {
    const draw = { 'cluster.rate': 2, 'turns.offset': 0.6 };
    const found = await search(
      GRID,
      at,
      async (choice) => scores(choice['cluster.rate'] === 2 && choice['turns.offset'] === 0.6 ? 10 : 20),
      [{ 'cluster.rate': 3 }, draw],
      () => {},
    );
    expect(found).toEqual(draw);
  });

  it('tries no offset above the onset', async () => {
    const tried: (readonly [number, number])[] = [];
    const evaluate = async (choice: Readonly<Record<string, number>>) => {
      tried.push([choice['turns.onset'] ?? 0.8, choice['turns.offset'] ?? 0.3]);
      return scores(10 - tried.length);
    };
    await search(GRID, at, evaluate, drawsOf(GRID, 40, seededRandom(1)), () => {});
    expect(tried.length).toBeGreaterThan(20);
    expect(tried.filter(([onset, offset]) => offset > onset)).toEqual([]);
  });

  it('counts missing and surplus speakers', async () => {
    const found = await search(
      GRID,
      at,
      async (choice) => [
        {
          set: 'x',
          der: 10 - Number(choice['cluster.rate'] === 2),
          countError: Number(choice['cluster.rate'] === 2) * 2,
        },
      ],
      [],
      () => {},
    );
    expect(found).toEqual({});
  });
});

it('draws the same grid points from the same seed', () => {
  const draws = drawsOf(GRID, 10, seededRandom(7));
  expect(draws).toEqual(drawsOf(GRID, 10, seededRandom(7)));
  expect(new Set(draws.map((draw) => JSON.stringify(draw))).size).toBeGreaterThan(5);
});

it('has a grid for each pipeline that can be calibrated', () => {
  for (const name of ['fast-cnn', 'recordings']) expect(gridOf(name, false).length).toBeGreaterThan(5);
  expect(gridOf('fast-cnn', true).map(([path]) => path)).toContain('gate.speech');
  expect(() => gridOf('pyannote', false)).toThrowError(/pyannote has no settings/);
});
