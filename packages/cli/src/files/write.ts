import { randomUUID } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { open, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from 'voiceflow-ml/installed';
import { explainSystemError, FileError, isFull } from '../errors.ts';
import { statsOf } from './open.ts';

const unfinished = new Set<string>();

/**
 * Writes a file atomically: writes a hidden file beside it and renames that. Creates missing folders. A device or pipe
 * is written to directly.
 * @throws FileError; the previous file is then unchanged.
 */
export async function writeFileAtomic(path: string, text: string): Promise<void> {
  try {
    const target = await realpath(path).catch(() => path);
    const old = await statsOf(target);
    if (old?.isDirectory()) {
      throw new FileError(`cannot write ${path}: is a directory`, { hint: 'Give the path of a file' });
    }
    if (old !== undefined && !old.isFile()) return await writeFile(target, text);
    await makeFolder(dirname(target));
    await replace(target, text, old?.mode);
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(`cannot write ${path}: ${explainSystemError(error)}`, { hint: hintFor(error), cause: error });
  }
}

async function replace(target: string, text: string, mode: number | undefined): Promise<void> {
  // The name is unpredictable and must be new, so that a link planted beside the target is never followed.
  const temporary = join(dirname(target), `.voiceflow-${randomUUID()}.tmp`);
  unfinished.add(temporary);
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    unfinished.delete(temporary);
  }
}

/** Removes unfinished files when the process must end at once. */
export function removeUnfinished(): void {
  for (const temporary of unfinished) {
    try {
      unlinkSync(temporary);
    } catch {
      // The file was not created yet, or has just been renamed.
    }
  }
}

function hintFor(error: unknown): string {
  return isFull(error) ? 'Free some space, or choose another folder' : 'Write to another folder';
}
