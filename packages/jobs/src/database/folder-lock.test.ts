import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
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

afterEach(() => vi.unstubAllEnvs());

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

  it('locks a folder with a long path also where the temporary folder has one, as on macOS', async () => {
    const root = mkdtempSync(join(tmpdir(), 'voiceflow-lock-'));
    vi.stubEnv('TMPDIR', join(root, 'temporary'.padEnd(100, '-')));
    for (const length of [60, 75, 85, 89, 90, 95, 120]) {
      const folder = join(root, 'd'.repeat(length - root.length - 1));
      const release = await lockFolder(folder);
      await expect(lockFolder(folder)).rejects.toMatchObject({ message: expect.stringContaining('another process') });
      release();
    }
    rmSync(root, { recursive: true });
  });

  it('counts the length of a path in bytes', async () => {
    const root = mkdtempSync(join(tmpdir(), 'voiceflow-lock-'));
    const folder = join(root, 'ü'.repeat(85 - root.length));
    (await lockFolder(folder))();
    rmSync(root, { recursive: true });
  });

  it('removes what it left before its socket had its name, but no socket that may be of a live process', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'voiceflow-lock-'));
    const old = new Date(Date.now() - 3_600_000);
    const left = ['n-00000000', 'new-lock-0000000000000000', 'n-00000001', 'n-of-the-user'];
    for (const name of left) await leaveSocket(folder, name);
    for (const name of left) if (name !== 'n-00000001') utimesSync(join(folder, name), old, old);
    writeFileSync(join(folder, 'n-00000002'), 'a file');
    utimesSync(join(folder, 'n-00000002'), old, old);
    const live = createServer((socket) => socket.end('candidate'));
    await new Promise<void>((done) => live.listen(join(folder, 'n-00000003'), done));
    utimesSync(join(folder, 'n-00000003'), old, old);
    (await lockFolder(folder))();
    expect(readdirSync(folder).sort()).toEqual(['n-00000001', 'n-00000002', 'n-00000003', 'n-of-the-user']);
    await new Promise((done) => live.close(done));
    rmSync(folder, { recursive: true });
  });
});
