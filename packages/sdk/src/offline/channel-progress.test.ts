import { expect, it } from 'vitest';
import type { Progress } from '../contract/options.ts';
import { channelProgress } from './channel-progress.ts';

it('is that of the slowest channel, is reported on any progress, and is done when all channels are', () => {
  const told: Progress[] = [];
  const of = channelProgress(2, (progress) => told.push(progress));
  const [left, right] = [of(0), of(1)];
  left({ stage: 'model', done: 3, total: 9 });
  right({ stage: 'model', done: 2, total: 9 });
  left({ stage: 'model', done: 9, total: 9 });
  left({ stage: 'cluster', done: 0, total: 9 });
  left({ stage: 'done', done: 9, total: 9 });
  right({ stage: 'model', done: 9, total: 9 });
  right({ stage: 'cluster', done: 0, total: 9 });
  right({ stage: 'cluster', done: 0, total: 9 });
  right({ stage: 'done', done: 9, total: 9 });
  expect(told.map(({ stage, done }) => [stage, done])).toEqual([
    ['model', 0],
    ['model', 2],
    ['model', 2],
    ['model', 2],
    ['model', 2],
    ['model', 9],
    ['cluster', 0],
    ['cluster', 0],
    ['done', 9],
  ]);
  expect(new Set(told.map(({ total }) => total))).toEqual(new Set([9]));
});
