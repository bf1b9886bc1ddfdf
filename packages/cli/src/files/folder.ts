import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { statsOf } from './open.ts';

/**
 * Creates a folder and its missing parents. Node's own recursive `mkdir` never ends where a folder exists in which
 * nothing can be created and the system says that it is missing (`/proc`).
 * @throws the error of the system.
 */
export async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path && (await statsOf(parent)) === undefined) await makeFolder(parent);
  await mkdir(path).catch(async (error: unknown) => {
    // Another call may have created it meanwhile.
    if (!(await isFolder(path))) throw error;
  });
}

async function isFolder(path: string): Promise<boolean> {
  return (await statsOf(path))?.isDirectory() === true;
}
