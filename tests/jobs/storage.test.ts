import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { folderStorage } from '../../packages/jobs/src/storage/folder.ts';
import { killed, type RunningServer, startServer } from './chaos.ts';
import { temporaryFolder } from './databases.ts';

/** What a full disk does to the audio of jobs and to their embedded database, where the machine lets us mount a small file system. */

const mount = (folder: string, size: string) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]).status === 0;
const remove = (folder: string) => {
  spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
};
const folder = temporaryFolder();
const mounted = mount(folder, '1m');
afterAll(() => remove(folder));

async function* zeros(bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; at += 65_536) yield new Uint8Array(65_536);
}

describe.skipIf(!mounted)(`a full disk${mounted ? '' : ' (skipped: nothing can be mounted here)'}`, () => {
  it('rejects the recording as overloaded, deletes its part, and accepts the next one that fits', async () => {
    const storage = folderStorage(folder, { flush: true });
    await expect(storage.put('audio/large', zeros(2 ** 21))).rejects.toMatchObject({
      code: 'overloaded',
      retryAfter: 60,
    });
    const files = (readdirSync(folder, { recursive: true }) as string[]).filter((path) => path.includes('large'));
    expect(files).toEqual([]);
    expect(await storage.put('audio/small', zeros(2 ** 18))).toBe(2 ** 18);
  });

  it('makes the embedded database reject jobs while other requests succeed, loses no job, and recovers when space is freed', async () => {
    const small = temporaryFolder();
    expect(mount(small, '100m')).toBe(true);
    let server: RunningServer | undefined;
    try {
      server = await startServer(join(small, 'data'));
      const { url } = server;
      const ids: string[] = [];
      const refusals: unknown[] = [];
      // Jobs without audio, of which each takes room in the database alone.
      const submit = async () => {
        const metadata = { filler: 'm'.repeat(3_500) };
        const response = await fetch(`${url}/v1/jobs`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ url: 'http://127.0.0.1:9/nothing.wav', metadata }),
        });
        const body = await response.json();
        if (response.status === 202) ids.push(body.id);
        else refusals.push({ status: response.status, code: body.code });
        return response.status;
      };
      expect(await submit()).toBe(202);
      const { bavail, bsize } = statfsSync(small);
      writeFileSync(join(small, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - 100_000)));
      for (let i = 0; i < 2_000 && refusals.length < 5; i++) await submit();
      expect(refusals).toEqual(Array(5).fill({ status: 503, code: 'backend-unavailable' }));
      expect((await fetch(`${url}/v1/infer`, { method: 'POST', body: 'x' })).status).toBe(200);

      rmSync(join(small, 'filler'));
      await expect.poll(submit, { timeout: 60_000, interval: 500 }).toBe(202);
      for (const id of ids) expect((await fetch(`${url}/v1/jobs/${id}`)).status).toBe(200);
    } finally {
      if (server !== undefined) await killed(server.child, 'SIGTERM');
      remove(small);
    }
  }, 240_000);
});
