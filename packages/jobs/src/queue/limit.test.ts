import { describe, expect, it } from 'vitest';
import { unavailable } from '../database/database.ts';
import { NOTHING } from './jobs.ts';
import { QueueLimit } from './limit.ts';

/** A queue of which the tests say what is in it. */
class Queue {
  queued = 0;
  inserted = 0;
  counts = 0;
  isAway = false;

  async depth() {
    this.counts++;
    const { queued } = this;
    await new Promise((done) => setImmediate(done));
    if (this.isAway) throw unavailable('away');
    return { ...NOTHING, queued };
  }

  readonly insert = async () => {
    await new Promise((done) => setImmediate(done));
    this.queued++;
    this.inserted++;
  };
}

const refused = { code: 'overloaded', retryAfter: 30 };

/** How many of `count` parallel requests were admitted. */
async function admitted(limit: QueueLimit, count: number, request: () => Promise<void>): Promise<number> {
  const outcomes = await Promise.allSettled(Array.from({ length: count }, () => limit.within(request)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(refused);
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

describe('the limit of queued jobs', () => {
  it('holds for parallel requests, with one count for all', async () => {
    const queue = new Queue();
    const limit = new QueueLimit(queue, 5);
    expect(await admitted(limit, 60, queue.insert)).toBe(5);
    expect(queue).toMatchObject({ queued: 5, counts: 1 });
    expect(await admitted(limit, 60, queue.insert)).toBe(0);
    expect(queue).toMatchObject({ queued: 5, counts: 2 });
  });

  it('does not count jobs that have ended', async () => {
    const queue = new Queue();
    const limit = new QueueLimit(queue, 2);
    for (let i = 0; i < 6; i++) {
      await limit.within(queue.insert);
      queue.queued--;
    }
    queue.queued = 2;
    await expect(limit.within(queue.insert)).rejects.toMatchObject(refused);
  });

  it('does not take the figure of a count that began before the request', async () => {
    const queue = new Queue();
    const limit = new QueueLimit(queue, 1);
    queue.queued = 1;
    const before = limit.count();
    await new Promise((done) => queueMicrotask(() => done(undefined)));
    queue.queued = 0;
    expect(queue.counts).toBe(1);
    await limit.within(queue.insert);
    await before;
    expect(queue.queued).toBe(1);
  });

  it('gives a place back when a request fails', async () => {
    const queue = new Queue();
    const limit = new QueueLimit(queue, 1);
    const fail = async () => {
      throw new Error('no audio');
    };
    await expect(limit.within(fail)).rejects.toThrow('no audio');
    await limit.within(queue.insert);
  });

  it('is unknown while the database is unavailable, and is counted again afterwards', async () => {
    const queue = new Queue();
    const limit = new QueueLimit(queue, 1);
    queue.isAway = true;
    await expect(limit.within(queue.insert)).rejects.toMatchObject({ code: 'backend-unavailable' });
    queue.isAway = false;
    await limit.within(queue.insert);
    await expect(limit.within(queue.insert)).rejects.toMatchObject(refused);
  });
});
