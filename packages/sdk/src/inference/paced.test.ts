import { describe, expect, it } from 'vitest';
import { finish, type Steps } from '../stages/steps.ts';
import { paced } from './paced.ts';

/** Counts to `steps`, each step keeping the thread for some milliseconds. */
function* counting(steps: number, milliseconds: number, seen: number[] = []): Steps<number> {
  for (let i = 0; i < steps; i++) {
    const until = performance.now() + milliseconds;
    while (performance.now() < until);
    seen.push(i);
    yield;
  }
  return steps;
}

describe('steps', () => {
  it('return the same result at once and paced', async () => {
    expect(finish(counting(5, 0))).toBe(5);
    expect(await paced(counting(5, 0))).toBe(5);
    expect(finish(counting(0, 0))).toBe(0);
  });

  it('let other tasks run in between', async () => {
    const seen: number[] = [];
    let atTimer = -1;
    const timer = setTimeout(() => {
      atTimer = seen.length;
    });
    await paced(counting(30, 3, seen));
    clearTimeout(timer);
    expect(atTimer).toBeGreaterThan(0);
    expect(atTimer).toBeLessThan(30);
  });

  it('stop at an abort between two slices', async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    setTimeout(() => controller.abort(new Error('enough')));
    const call = paced(counting(1000, 3, seen), controller.signal);
    await expect(call).rejects.toMatchObject({ code: 'aborted', cause: new Error('enough') });
    expect(seen.length).toBeLessThan(100);
  });
});
