import { stat } from 'node:fs/promises';
import { VoiceBook } from 'voiceflow-ml/core';
import { codeOf, explain, FileError } from '../errors.ts';
import { readText } from './open.ts';

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
