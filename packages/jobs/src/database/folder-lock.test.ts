import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockFolder } from './folder-lock.ts';

it('creates the folder for this user alone, and lets one process have it at a time', async () => {
  const root = mkdtempSync(join(tmpdir(), 'voiceflow-lock-'));
  const folder = join(root, 'new/data');
  const release = await lockFolder(folder);
  try {
    if (process.platform !== 'win32') expect(statSync(folder).mode & 0o777).toBe(0o700);
    await expect(lockFolder(folder)).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining('another process'),
    });
  } finally {
    release();
  }
  (await lockFolder(folder))();
  rmSync(root, { recursive: true });
});

it.skipIf(process.platform !== 'linux')('fails for a folder that cannot be created (needs /proc)', async () => {
  await expect(lockFolder('/proc/voiceflow/data')).rejects.toMatchObject({
    code: 'invalid-option',
    message: expect.stringContaining('cannot create the data folder /proc/voiceflow/data'),
  });
});
