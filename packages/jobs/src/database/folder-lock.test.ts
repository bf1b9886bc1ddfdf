import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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

/** The socket of a process that was killed. */
async function leaveSocket(folder: string, name: string): Promise<void> {
  const server = createServer();
  const made = join(folder, 'made');
  await new Promise<void>((done) => server.listen(made, done));
  linkSync(made, join(folder, name));
  await new Promise((done) => server.close(done));
}

describe.skipIf(process.platform === 'win32')('after a process was killed', () => {
  it('gives the folder to exactly one of several processes, whenever each starts', async () => {
    for (let round = 0; round < 60; round++) {
      const folder = mkdtempSync(join(tmpdir(), 'voiceflow-lock-'));
      await leaveSocket(folder, 'lock');
      await leaveSocket(folder, 'lock-0');
      const attempts = Array.from({ length: 4 }, async (_, at) => {
        const turns = (round * (at + 1)) % 12;
        for (let turn = 0; turn < turns; turn++) await new Promise((done) => setImmediate(done));
        return lockFolder(folder);
      });
      const outcomes = await Promise.allSettled(attempts);
      const locks = outcomes.filter((outcome) => outcome.status === 'fulfilled');
      expect(locks).toHaveLength(1);
      expect(readdirSync(folder)).toHaveLength(1);
      locks[0]?.value();
      rmSync(folder, { recursive: true });
    }
  });

  it('locks a folder whose path is too long for a socket', async () => {
    const root = mkdtempSync(join(tmpdir(), 'voiceflow-lock-'));
    const folder = join(root, 'long'.repeat(30));
    mkdirSync(folder);
    const release = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'invalid-option' });
    release();
    (await lockFolder(folder))();
    rmSync(root, { recursive: true });
  });
});
