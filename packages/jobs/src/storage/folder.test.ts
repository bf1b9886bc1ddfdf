import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { failureActionOf } from '../worker/failures.ts';
import { folderStorage } from './folder.ts';
import type { Storage } from './storage.ts';

let root: string;
let storage: Storage;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'voiceflow-storage-'));
  storage = folderStorage(root, { flush: false });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const bytes = async function* () {
  yield new Uint8Array(3);
};
const errorOf = (name: string) =>
  storage.withFile(name, new AbortController().signal, async () => undefined).catch((error: unknown) => error);

it('reports a missing object as final', async () => {
  await storage.put('audio/aa', bytes());
  const error = await errorOf('audio/bb');
  expect(error).toMatchObject({ code: 'invalid-audio' });
  expect(failureActionOf(error)).toBe('final');
});

it('defers jobs while the folder is away, such as an unmounted volume', async () => {
  const error = await errorOf('audio/aa');
  expect(error).toMatchObject({ code: 'backend-unavailable', message: expect.stringContaining('ENOENT') });
  expect(failureActionOf(error)).toBe('defer');
});

it('defers jobs after any other error of the file system', async () => {
  // A file where a folder is expected: ENOTDIR.
  writeFileSync(join(root, 'audio'), '');
  const error = await errorOf('audio/aa');
  expect(error).toMatchObject({ code: 'backend-unavailable', message: expect.stringContaining('ENOTDIR') });
  expect(failureActionOf(error)).toBe('defer');
});
