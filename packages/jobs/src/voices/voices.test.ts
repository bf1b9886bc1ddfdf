import { expect, it } from 'vitest';
import type { Database } from '../database/database.ts';
import { Voices } from './voices.ts';

// A stand-in with the one method that is called.
const voicesOf = (count: number) => new Voices({ query: async () => [{ count }] } as unknown as Database);
const nothing = async () => {};

it('rejects a new name in a full book', async () => {
  await voicesOf(1_999).admit('k', 'Ada', nothing);
  await expect(voicesOf(2_000).admit('k', 'Ada', nothing)).rejects.toMatchObject({ code: 'invalid-option' });
});

it('limits the enrollments of a key that run at the same time, and so their recordings on the disk', async () => {
  const voices = voicesOf(0);
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const running = Array.from({ length: 16 }, (_, i) => voices.admit('k', `voice ${i}`, () => ended));
  await expect(voices.admit('k', 'one more', nothing)).rejects.toMatchObject({ code: 'overloaded', retryAfter: 1 });
  await voices.admit('other', 'Ada', nothing);
  end();
  await Promise.all(running);
  await voices.admit('k', 'one more', nothing);
});
