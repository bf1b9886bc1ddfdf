import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { VoiceBook } from 'voiceflow-ml/core';
import { changeBook, readBook, readOrStartBook } from './book.ts';
import { withLock } from './lock.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'voiceflow-book-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(root, { recursive: true });
});

const enroll = (name: string) => (book: VoiceBook) => book.enroll(name, [{ embedding: Float32Array.of(1, 0) }]);

describe('changeBook', () => {
  it('loses no change of concurrent writers, whatever path they use', async () => {
    // The clock of the wait stands still: on a busy disk, the last of so many writers may wait for longer than a user would.
    vi.useFakeTimers({ toFake: ['performance'] });
    const path = join(root, 'voices.json');
    writeFileSync(path, JSON.stringify(new VoiceBook('s')));
    symlinkSync(path, join(root, 'link.json'));
    const names = Array.from({ length: 12 }, (_, i) => `v${i}`);
    await Promise.all(names.map((name, i) => changeBook(i % 2 ? path : join(root, 'link.json'), enroll(name))));
    const { voices } = await readBook(path);
    expect(voices.map(({ name }) => name).sort()).toEqual(names.sort());
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('creates a book, and does not change it if the change fails', async () => {
    const path = join(root, 'new/voices.json');
    await changeBook(path, enroll('Ada'), (at) => readOrStartBook(at, 's'));
    const before = readFileSync(path, 'utf8');
    await expect(changeBook(path, (book) => book.rename('Bob', 'Cy'))).rejects.toThrow('the book has no voice "Bob"');
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });
});

describe('withLock', () => {
  it('takes over a stale lock', async () => {
    const path = join(root, 'file');
    writeFileSync(`${path}.lock`, '');
    const old = new Date(Date.now() - 60_000);
    utimesSync(`${path}.lock`, old, old);
    expect(await withLock(path, async () => 'done')).toBe('done');
  });
});
