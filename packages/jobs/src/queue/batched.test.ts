import { describe, expect, it } from 'vitest';
import { DatabaseError } from '../database/database.ts';
import { batched } from './batched.ts';

describe('gathered', () => {
  it('runs the first call immediately and batches the others, each with its own output', async () => {
    const calls: (readonly number[])[] = [];
    const double = batched<number, number>(3, async (items) => {
      calls.push(items);
      await Promise.resolve();
      return items.map((item) => 2 * item);
    });
    expect(await Promise.all([1, 2, 3, 4, 5].map(double))).toEqual([2, 4, 6, 8, 10]);
    expect(calls).toEqual([[1], [2, 3, 4], [5]]);
    expect(await double(6)).toBe(12);
  });

  it('rejects all items of a failed batch, and continues', async () => {
    let fails = true;
    const call = batched<number, number>(9, async (items) => {
      if (fails) throw new Error('away');
      return items;
    });
    const both = await Promise.allSettled([call(1), call(2)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fails = false;
    expect(await call(3)).toBe(3);
  });

  it('runs the items of a rejected batch one by one', async () => {
    const calls: (readonly number[])[] = [];
    const call = batched<number, number>(9, async (items) => {
      calls.push(items);
      if (items.includes(3)) throw new DatabaseError('three is refused', '22000');
      return items;
    });
    const all = await Promise.allSettled([1, 2, 3, 4].map(call));
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(calls).toEqual([[1], [2, 3, 4], [2], [3], [4]]);
  });

  it('delays a call to batch it, if allowed', async () => {
    const calls: number[] = [];
    const call = batched<number, undefined>(
      9,
      async (items) => {
        calls.push(items.length);
        return items.map(() => undefined);
      },
      1,
    );
    await Promise.all([call(1), call(2), call(3)]);
    expect(calls).toEqual([3]);
  });
});
