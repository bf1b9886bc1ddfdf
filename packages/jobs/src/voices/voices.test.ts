import { expect, it } from 'vitest';
import type { Database } from '../database/database.ts';
import { Voices } from './voices.ts';

it('rejects a new name in a full book', async () => {
  // A stand-in with the one method that is called.
  const voicesOf = (count: number) => new Voices({ query: async () => [{ count }] } as unknown as Database);
  await voicesOf(1_999).admit('k', 'Ada');
  await expect(voicesOf(2_000).admit('k', 'Ada')).rejects.toMatchObject({ code: 'invalid-option' });
});
