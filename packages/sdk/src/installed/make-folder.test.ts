import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeFolder } from './make-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'voiceflow-folder-'));
afterAll(() => rmSync(root, { recursive: true }));

it('creates a folder with its parents, also when several ask at once', async () => {
  for (let round = 0; round < 50; round++) {
    const path = join(root, `${round}/b/c`);
    const beside = join(root, `${round}/b/d`);
    await Promise.all([makeFolder(path), makeFolder(path), makeFolder(beside)]);
    await makeFolder(path);
    expect(statSync(path).isDirectory()).toBe(true);
    expect(statSync(beside).isDirectory()).toBe(true);
  }
});

it('fails where a file is in the way', async () => {
  writeFileSync(join(root, 'file'), '');
  await expect(makeFolder(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(join(root, 'file/x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

it.skipIf(process.platform !== 'linux')('fails in a folder in which nothing can be created (needs /proc)', async () => {
  await expect(makeFolder('/proc/voiceflow/out')).rejects.toMatchObject({ code: 'ENOENT' });
});
