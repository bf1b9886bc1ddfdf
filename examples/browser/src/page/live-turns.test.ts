import { expect, it } from 'vitest';
import { LiveTurns } from './live-turns.ts';

const turn = (id: string, start: number, end: number, speaker: string) =>
  ({ turn: id, start, end, speaker, confidence: 0.8 }) as const;

it('shows turns as events arrive: tentative until they end, ordered by start', () => {
  const live = new LiveTurns();
  live.apply({ type: 'speaker', speaker: 'A' });
  live.apply({ type: 'turn-start', ...turn('2', 3, 4, 'B') });
  live.apply({ type: 'turn-start', ...turn('1', 0, 1, 'A') });
  live.apply({ type: 'turn-end', ...turn('1', 0, 2, 'A') });
  expect(live.turns).toEqual([
    { start: 0, end: 2, speaker: 'A', confidence: 0.8, tentative: false },
    { start: 3, end: 4, speaker: 'B', confidence: 0.8, tentative: true },
  ]);
});

it('removes a retracted turn, and applies a merge of two speakers', () => {
  const live = new LiveTurns();
  live.apply({ type: 'turn-start', ...turn('1', 0, 1, 'A') });
  live.apply({ type: 'turn-end', ...turn('1', 0, 0, 'A') });
  live.apply({ type: 'turn-end', ...turn('2', 1, 2, 'B') });
  live.apply({ type: 'turn-end', ...turn('3', 2, 3, 'A') });
  live.apply({ type: 'speaker-merged', from: 'B', into: 'A' });
  expect(live.turns.map(({ speaker }) => speaker)).toEqual(['A', 'A']);
});
