import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Creates a folder and its missing parents. Node's own recursive `mkdir` never ends where a folder exists in which
 * nothing can be created and the system says that it is missing (`/proc`).
 * @param mode Permissions of the folder and of the parents that are created.
 * @throws the error of the system.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  if ((await kindOf(path)) === 'folder') return;
  const parent = dirname(path);
  if (parent !== path && (await kindOf(parent)) === 'missing') await makeFolder(parent, mode);
  await mkdir(path, mode).catch(async (error: unknown) => {
    // Another call may have created it meanwhile.
    if ((await kindOf(path)) !== 'folder') throw error;
  });
}

/** A path that cannot be accessed counts as missing. */
async function kindOf(path: string): Promise<'folder' | 'other' | 'missing'> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return 'missing';
  return stats.isDirectory() ? 'folder' : 'other';
}
