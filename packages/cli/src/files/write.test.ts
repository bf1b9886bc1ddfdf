import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomic } from './write.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'voiceflow-write-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('writeFileAtomic', () => {
  it('creates folders and leaves no temporary file', async () => {
    const path = join(root, 'a/b/c.rttm');
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, 'two');
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(join(root, 'a/b'))).toEqual(['c.rttm']);
  });

  it("keeps the file's permissions and a symbolic link to it", async () => {
    const path = join(root, 'real.json');
    writeFileSync(path, 'old');
    chmodSync(path, 0o600);
    symlinkSync(path, join(root, 'link.json'));
    await writeFileAtomic(join(root, 'link.json'), 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(root).sort()).toEqual(['link.json', 'real.json']);
  });

  it('does not follow a symbolic link at a predictable temporary path', async () => {
    writeFileSync(join(root, 'precious'), 'kept');
    symlinkSync(join(root, 'precious'), join(root, `.new.json.${process.pid}.tmp`));
    await writeFileAtomic(join(root, 'new.json'), 'text');
    expect(readFileSync(join(root, 'precious'), 'utf8')).toBe('kept');
    expect(lstatSync(join(root, 'new.json')).isFile()).toBe(true);
  });

  it('names the path that blocks it, and does not change it', async () => {
    mkdirSync(join(root, 'x.rttm'));
    writeFileSync(join(root, 'file'), 'kept');
    await expect(writeFileAtomic(join(root, 'x.rttm'), 'y')).rejects.toThrow('is a directory');
    await expect(writeFileAtomic(join(root, 'file/y.rttm'), 'y')).rejects.toThrow(/cannot write .*: /);
    expect(readdirSync(root).sort()).toEqual(['file', 'x.rttm']);
    expect(readFileSync(join(root, 'file'), 'utf8')).toBe('kept');
  });

  it.skipIf(process.platform !== 'linux')('reports a full disk (needs /dev/full, Linux only)', async () => {
    await expect(writeFileAtomic('/dev/full', 'x')).rejects.toThrow(
      'cannot write /dev/full: no space left on the device',
    );
  });
});
