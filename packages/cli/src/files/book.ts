import { mkdir, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { VoiceBook } from 'voiceflow-ml/core';
import { codeOf, explain, FileError } from '../errors.ts';
import { withLock } from './lock.ts';
import { readText } from './open.ts';
import { writeFileAtomic } from './write.ts';

/** @throws FileError that names the file, when it is missing or no voice book. */
export async function readBook(path: string): Promise<VoiceBook> {
  try {
    return VoiceBook.parse(await readText(path));
  } catch (error) {
    throw new FileError(explain(error, path), { cause: error });
  }
}

/** The book in a file, or an empty one where there is no file yet. */
export async function readOrStartBook(path: string, space: string): Promise<VoiceBook> {
  try {
    await stat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return new VoiceBook(space);
  }
  return readBook(path);
}

/**
 * Changes the book in a file as it is at that moment: others who change it at once wait, and nothing of theirs is lost.
 * @param read Defaults to `readBook`.
 * @returns The book as it was written.
 */
export async function changeBook(
  path: string,
  change: (book: VoiceBook) => VoiceBook,
  read: (path: string) => Promise<VoiceBook> = readBook,
): Promise<VoiceBook> {
  // The file itself, so that two links to it have one lock.
  const target = await realpath(path).catch(() => path);
  await mkdir(dirname(target), { recursive: true });
  return withLock(target, async () => {
    const book = change(await read(target));
    await writeFileAtomic(target, `${JSON.stringify(book, null, 1)}\n`);
    return book;
  });
}
