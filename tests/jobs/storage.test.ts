import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { folderStorage } from '../../packages/jobs/src/storage/folder.ts';
import { temporaryFolder } from './databases.ts';

/** Audio in a folder whose disk is full: a file system of one megabyte, where the machine lets us mount one. */

const folder = temporaryFolder();
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status === 0;
afterAll(() => {
  if (mounted) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
});

async function* zeros(bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; at += 65_536) yield new Uint8Array(65_536);
}

describe.skipIf(!mounted)(`a full disk${mounted ? '' : ' (skipped: nothing can be mounted here)'}`, () => {
  it('refuses the recording as overloaded, keeps nothing of it, and takes the next one that fits', async () => {
    const storage = folderStorage(folder, { flush: true });
    await expect(storage.put('audio/large', zeros(2 ** 21))).rejects.toMatchObject({
      code: 'overloaded',
      retryAfter: 60,
    });
    const files = (readdirSync(folder, { recursive: true }) as string[]).filter((path) => path.includes('large'));
    expect(files).toEqual([]);
    expect(await storage.put('audio/small', zeros(2 ** 18))).toBe(2 ** 18);
  });
});
