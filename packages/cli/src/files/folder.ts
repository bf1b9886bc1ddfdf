import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../errors.ts';
import { statsOf } from './open.ts';

/**
 * Creates a folder and its missing parents. Node's own recursive `mkdir` never ends where a folder exists in which
 * nothing can be created and the system says that it is missing (`/proc`).
 * @throws the error of the system.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    // The root of a drive exists too, but the error is not always EEXIST there.
    if ((await statsOf(path))?.isDirectory()) return;
    const parent = dirname(path);
    if (codeOf(error) !== 'ENOENT' || parent === path || (await statsOf(parent)) !== undefined) throw error;
    await makeFolder(parent);
    await makeFolder(path);
  }
}
