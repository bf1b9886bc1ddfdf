import { afterEach, expect, it } from 'vitest';
import type { Database } from '../database/database.ts';
import type { Jobs } from './jobs.ts';
import { Watch } from './watch.ts';

// A stand-in with the one method that is called.
const watch = new Watch({ listen() {} } as unknown as Database, { states: async () => [] } as unknown as Jobs);
afterEach(() => watch.close());

it('reserves watchers for other keys when one key waits for many jobs', () => {
  const ends = Array.from({ length: 1_500 }, (_, i) => watch.subscribe('a', `job ${i}`, () => {}));
  expect(() => watch.subscribe('a', 'one more', () => {})).toThrow(expect.objectContaining({ code: 'overloaded' }));
  watch.subscribe('b', 'another', () => {})();
  ends[0]?.();
  // Ending twice frees one place.
  ends[0]?.();
  ends[0] = watch.subscribe('a', 'again', () => {});
  expect(() => watch.subscribe('a', 'one more', () => {})).toThrow(expect.objectContaining({ code: 'overloaded' }));
  for (const end of ends) end();
  watch.subscribe('a', 'at last', () => {})();
});

it('lets nobody wait after it was closed, because the server shuts down', async () => {
  const closed = new Watch({ listen() {} } as unknown as Database, { states: async () => [] } as unknown as Jobs);
  closed.close();
  await closed.wait('a', 'job', 3_600_000, new AbortController().signal, () => false);
  const changes: unknown[] = [];
  closed.subscribe('a', 'job', (job) => changes.push(job))();
  await Promise.resolve();
  expect(changes).toEqual([undefined]);
});
