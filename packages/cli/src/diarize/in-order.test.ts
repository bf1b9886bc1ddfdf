import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inOrder } from './in-order.ts';

const never = new AbortController().signal;

function valueIn<T>(outcome: PromiseSettledResult<T>): T {
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

describe('inOrder', () => {
  it('yields results in order, each once, with at most the limit in progress', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(6), { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), async (turns, limit) => {
        let under = 0;
        let most = 0;
        const consumed: number[] = [];
        const items = turns.map((count, index) => ({ count, index }));
        const work = async ({ count, index }: { count: number; index: number }) => {
          most = Math.max(most, ++under);
          for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
          under--;
          return index;
        };
        await inOrder(items, limit, work, async (outcome) => void consumed.push(valueIn(outcome)), never);
        expect(consumed).toEqual(items.map(({ index }) => index));
        expect(most).toBeLessThanOrEqual(limit);
        if (turns.every((count) => count > 0)) expect(most).toBe(Math.min(limit, items.length));
      }),
      { seed: 8, numRuns: 60 },
    );
  });

  it('passes on what an item fails with, and continues', async () => {
    const seen: unknown[] = [];
    const work = async (item: number) => {
      if (item === 1) throw new Error('unreadable');
      return item;
    };
    const consume = async (outcome: PromiseSettledResult<number>, item: number) =>
      void seen.push([item, outcome.status]);
    await inOrder([1, 2], 1, work, consume, never);
    expect(seen).toEqual([
      [1, 'rejected'],
      [2, 'fulfilled'],
    ]);
  });

  it('continues with later items while the first is in progress', async () => {
    let finishFirst = () => {};
    const first = new Promise<void>((resolve) => {
      finishFirst = resolve;
    });
    const begun: number[] = [];
    const work = async (item: number) => {
      begun.push(item);
      if (item === 1) await first;
      if (item === 5) finishFirst();
      return item;
    };
    const consumed: number[] = [];
    await inOrder([1, 2, 3, 4, 5], 2, work, async (outcome) => void consumed.push(valueIn(outcome)), never);
    expect([begun, consumed]).toEqual([
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4, 5],
    ]);
  });

  it('starts nothing after an abort or a failure of the consumer, and waits for items in progress', async () => {
    for (const how of ['signal', 'failure']) {
      const stop = new AbortController();
      const begun: number[] = [];
      let done = 0;
      const work = async (item: number) => {
        begun.push(item);
        for (let i = 0; i < item; i++) await new Promise((resolve) => setImmediate(resolve));
        done++;
        return item;
      };
      const consume = async () => {
        if (how === 'failure') throw new Error('disk full');
        stop.abort();
      };
      const all = inOrder([1, 5, 6, 7, 8], 2, work, consume, stop.signal);
      if (how === 'failure') await expect(all).rejects.toThrow('disk full');
      else await all;
      expect(begun.length).toBeLessThanOrEqual(3);
      expect(done).toBe(begun.length);
    }
  });
});
