import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { number, text, UsageError, type Values } from '@voiceflow-ml/server/args';
import { type DiarizeOptions, VoiceBook } from 'voiceflow-ml/core';
import { makeFolder } from 'voiceflow-ml/installed';
import { codeOf, onFile } from '../errors.ts';
import { withLock } from './lock.ts';
import { readText } from './open.ts';
import { writeFileAtomic } from './write.ts';

/** The options of every command that names speakers. */
export const NAMING_OPTIONS = {
  book: text('FILE.json', 'name the speakers whose voices are in this voice book (see enroll)'),
  'false-names': number(
    [0.01, 50],
    'PERCENT',
    'with --book: largest percentage of speakers not in the book that get a name from it, for a book of any size (default 2); a higher value names more speakers, rightly and wrongly',
    'a percentage',
  ),
};

/** The naming options in the SDK's form: the voices of the book and the rate of false names. */
export async function readNaming(
  { book, 'false-names': percent }: Values<typeof NAMING_OPTIONS>,
  signal: AbortSignal,
): Promise<Pick<DiarizeOptions, 'known' | 'falseNames'>> {
  if (book === undefined && percent !== undefined) throw new UsageError('--false-names needs --book');
  if (book === undefined) return {};
  const { voices: known } = await readBook(book, signal);
  return percent === undefined ? { known } : { known, falseNames: percent / 100 };
}

/** @throws FileError with the path of the file, when it is missing or not a voice book; `aborted`. */
export function readBook(path: string, signal?: AbortSignal): Promise<VoiceBook> {
  return onFile(path, async () => VoiceBook.parse(await readText(path, signal)));
}

/** Reads a book from a file; an empty book when there is no file yet. */
export async function readOrStartBook(path: string, space: string, signal?: AbortSignal): Promise<VoiceBook> {
  try {
    await stat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return new VoiceBook(space);
  }
  return readBook(path, signal);
}

/**
 * Changes the book in a file under a lock, so that concurrent changes by other processes are not lost.
 * @param read Defaults to `readBook`.
 * @returns The written book.
 */
export async function changeBook(
  path: string,
  change: (book: VoiceBook) => VoiceBook,
  read: (path: string) => Promise<VoiceBook> = readBook,
): Promise<VoiceBook> {
  // The link's target, so that two links to the same file share a lock.
  const target = await realpath(path).catch(() => path);
  await makeFolder(dirname(target));
  return withLock(target, async () => {
    const book = change(await read(target));
    await writeFileAtomic(target, `${JSON.stringify(book, null, 1)}\n`);
    return book;
  });
}
