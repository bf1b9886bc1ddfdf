import type { PathLike } from 'node:fs';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findInputs } from './inputs.ts';

// The tests may run as root, who can read every folder.
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const readdir = async (folder: PathLike, options: { readonly withFileTypes: true }) => {
    if (String(folder).endsWith('locked')) throw Object.assign(new Error('EACCES: scandir'), { code: 'EACCES' });
    return real.readdir(folder, options);
  };
  return { ...real, readdir };
});

const folders: string[] = [];
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'voiceflow-inputs-'));
  folders.push(folder);
  return folder;
}

let root = '';
const at = (...parts: string[]) => join(root, ...parts);

beforeAll(() => {
  root = newFolder();
  for (const folder of ['calls/may', 'calls/june', 'empty', 'notes', '.hidden'])
    mkdirSync(at(folder), { recursive: true });
  const files = [
    'calls/b.wav',
    'calls/a.WAV',
    'calls/may/c.flac',
    'calls/may/readme.txt',
    'calls/._b.wav',
    'notes/x.txt',
  ];
  for (const file of [...files, 'calls/june/d[1].wav', '.hidden/e.wav', 'noise']) writeFileSync(at(file), 'x');
  symlinkSync(at('calls'), at('calls/may/up'));
  symlinkSync(at('calls/b.wav'), at('calls/june/link.wav'));
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('findInputs', () => {
  it('returns the audio files of a folder recursively, in order, without hidden files or link cycles', async () => {
    const found = await findInputs([at('calls')]);
    expect(found.map(({ name }) => name)).toEqual(['a', 'b', 'june/d[1]', 'june/link', 'may/c']);
    expect(found.every(({ error }) => error === undefined)).toBe(true);
  });

  it('returns a named file with any extension, and each file once', async () => {
    const found = await findInputs([at('noise'), at('calls/b.wav'), at('calls/../calls/b.wav'), '-', '-']);
    expect(found.map(({ path }) => path)).toEqual([at('noise'), at('calls/b.wav'), '-']);
  });

  it('expands patterns, and prefers an existing file with that name', async () => {
    expect((await findInputs([at('calls/*.wav')])).map(({ name }) => name)).toEqual(['b']);
    expect((await findInputs([at('**/*.{wav,flac}')])).map(({ name }) => name)).toEqual([
      'calls/b',
      'calls/june/d[1]',
      'calls/june/link',
      'calls/may/c',
    ]);
    expect((await findInputs([at('calls/june/d[1].wav')])).map(({ name }) => name)).toEqual(['d[1]']);
  });

  it.each([
    ['missing.wav', 'no such file or directory'],
    ['empty', 'no audio file in this folder or its subfolders'],
    ['notes', 'no audio file in this folder or its subfolders'],
    ['calls/*.mp3', 'no file matches this pattern'],
    ['noise/x.wav', 'a part of the path is not a directory'],
  ])('reports why %s has no input, and continues', async (arg, message) => {
    const [bad, good] = await findInputs([at(arg), at('calls/b.wav')]);
    expect(bad?.error?.message).toBe(message);
    expect(good?.error).toBeUndefined();
  });

  it('gives files of one name and different extensions distinct names', async () => {
    const own = newFolder();
    const beside = (...parts: string[]) => join(own, ...parts);
    mkdirSync(beside('twins'));
    mkdirSync(beside('other'));
    for (const file of ['p.flac', 'p.wav', 'p.wav.mp3', 'q.wav', '../other/p.wav'])
      writeFileSync(beside('twins', file), 'x');
    symlinkSync(beside('nowhere'), beside('twins/q.flac'));
    const names = async (...args: string[]) => (await findInputs(args)).map(({ name }) => name);
    expect(await names(beside('twins'))).toEqual(['p.flac', 'p.wav', 'p.wav.mp3', 'q', 'q']);
    expect(await names(beside('twins/p*'))).toEqual(['p.flac', 'p.wav', 'p.wav.mp3']);
    expect(await names(beside('twins/p.wav'), beside('twins/p.wav.mp3'))).toEqual(['p', 'p.wav']);
    expect(await names(at('calls/b.wav'), beside('twins/p.wav'), beside('other/p.wav'))).toEqual(['b', 'p', 'p']);
    writeFileSync(beside('stdin.wav'), 'x');
    expect(await names('-', beside('stdin.wav'))).toEqual(['stdin', 'stdin.wav']);
  });

  describe('reports what it cannot read, beside what it can', () => {
    const own = newFolder();
    const within = (...parts: string[]) => join(own, ...parts);
    const problems = async (arg: string) =>
      (await findInputs([within(arg)])).map(({ path, error }) => [path.slice(own.length + 1), error?.message]);
    const locked = 'cannot be read: permission denied';

    beforeAll(() => {
      for (const folder of ['part/locked', 'part/open']) mkdirSync(within(folder), { recursive: true });
      for (const file of ['part/z.wav', 'part/open/y.wav']) writeFileSync(within(file), 'x');
      symlinkSync(within('nowhere.wav'), within('part/gone.wav'));
      symlinkSync(within('nowhere.txt'), within('part/gone.txt'));
      symlinkSync(within('part/self.wav'), within('part/self.wav'));
      symlinkSync(within('part/open'), within('part/folder.wav'));
    });

    const links = [
      ['part/gone.wav', 'is a link to a file that does not exist'],
      ['part/self.wav', 'cannot be read: the link leads to itself'],
    ];

    it.each([
      [
        'part',
        [links[0], ['part/locked', locked], ['part/open/y.wav', undefined], links[1], ['part/z.wav', undefined]],
      ],
      ['part/*.wav', [...links, ['part/z.wav', undefined]]],
      [
        'part/*/*.wav',
        [
          ['part/locked', locked],
          ['part/open/y.wav', undefined],
        ],
      ],
      ['part/o*/*.wav', [['part/open/y.wav', undefined]]],
      [
        '**/y.wav',
        [
          ['part/locked', locked],
          ['part/open/y.wav', undefined],
        ],
      ],
      ['part/locked', [['part/locked', locked]]],
      ['part/locked/*.wav', [['part/locked', locked]]],
    ])('%s', async (arg, expected) => {
      expect(await problems(arg)).toEqual(expected);
    });
  });
});
