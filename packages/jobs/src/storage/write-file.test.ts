import { type createWriteStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as after } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { folderStorage } from './folder.ts';
import { storeRecording } from './upload.ts';
import { writeFile } from './write-file.ts';

/** A disk on which files take long to open, as on a busy machine: `opened` has each that is. */
const disk = vi.hoisted(() => ({ startedAt: 0, opened: [] as Promise<void>[], OPEN_MS: 200 }));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const open = (...args: Parameters<typeof fs.open>) => {
    const done = args.at(-1) as (...result: unknown[]) => void;
    disk.startedAt++;
    disk.opened.push(
      new Promise((opened) => {
        const tell = (...result: unknown[]) => {
          opened();
          done(...result);
        };
        setTimeout(() => fs.open(...(args.with(-1, tell) as typeof args)), disk.OPEN_MS);
      }),
    );
  };
  const slow: typeof createWriteStream = (path, options) =>
    fs.createWriteStream(path, { ...(options as object), fs: { ...fs, open } });
  return { ...fs, createWriteStream: slow };
});

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'voiceflow-write-'));
  disk.opened.length = 0;
  disk.startedAt = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** All files below the folder, once every file that was asked for is open. */
async function left(): Promise<string[]> {
  expect(disk.startedAt).toBe(1);
  await Promise.all(disk.opened);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function* failing(chunks: number, ms = 0): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < chunks; i++) yield new Uint8Array(100);
  if (ms > 0) await after(ms);
  throw new Error('cut off');
}

it.each([
  ['at once', failing(0)],
  ['after a chunk', failing(1)],
  ['while the file opens', failing(1, 20)],
  ['once the file is open', failing(1, 2 * disk.OPEN_MS)],
])('leaves no file for a body that fails %s', async (_, body) => {
  const written = writeFile(join(folder, 'x.part'), (sink) => pipeline(Readable.from(body), sink));
  await expect(written).rejects.toThrow('cut off');
  expect(await left()).toEqual([]);
});

it.each([0, 20, 2 * disk.OPEN_MS])('leaves no file if aborted after %i ms', async (ms) => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), ms);
  const endless = new Readable({ read: () => {} });
  const written = writeFile(join(folder, 'x.part'), (sink) => pipeline(endless, sink, { signal: stop.signal }));
  await expect(written).rejects.toThrow(/abort/i);
  expect(endless.destroyed).toBe(true);
  expect(await left()).toEqual([]);
});

it('leaves no file if the writer fails before the first byte', async () => {
  const written = writeFile(join(folder, 'x.part'), async () => {
    throw new Error('given up');
  });
  await expect(written).rejects.toThrow('given up');
  expect(await left()).toEqual([]);
});

it('rejects if the file cannot be opened, and writes one that can', async () => {
  const write = (sink: Writable) => pipeline(Readable.from([Buffer.from('ab'), Buffer.from('cd')]), sink);
  await expect(writeFile(join(folder, 'none', 'x'), write)).rejects.toMatchObject({ code: 'ENOENT' });
  await writeFile(join(folder, 'x'), write, { flush: true });
  expect(readFileSync(join(folder, 'x'), 'utf8')).toBe('abcd');
});

it('leaves no file of a truncated form', async () => {
  async function* form() {
    yield Buffer.from('--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\nabc');
  }
  const storage = folderStorage(folder, { flush: false });
  const upload = { body: form(), contentType: 'multipart/form-data; boundary=b', count() {} };
  const stored = storeRecording(storage, 'audio/0123', upload);
  await expect(stored).rejects.toMatchObject({ code: 'invalid-option' });
  expect(existsSync(join(folder, 'audio'))).toBe(true);
  expect(await left()).toEqual([]);
});
