import { access, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { missing, type Storage, storageError, unreadable } from './storage.ts';
import { writeFile } from './write-file.ts';

/**
 * Stores objects as files below a folder, spread over 256 subfolders.
 * @param flush Waits for the disk, so that objects survive a loss of power. Useful only if the database does the same.
 */
export function folderStorage(root: string, { flush }: { readonly flush: boolean }): Storage {
  const pathOf = (name: string) => join(root, dirname(name), name.slice(-2), basename(name));
  return {
    async put(name, body) {
      const path = pathOf(name);
      await mkdir(dirname(path), { recursive: true }).catch((error) => {
        throw storageError(error);
      });
      try {
        const bytes = await writeFile(`${path}.part`, (sink) => pipeline(body, sink), { flush });
        // Renamed when complete, so that an object is never partial.
        await rename(`${path}.part`, path);
        return bytes;
      } catch (error) {
        await rm(`${path}.part`, { force: true }).catch(() => {});
        throw storageError(error);
      }
    },
    async withFile(name, _signal, use) {
      const path = pathOf(name);
      await access(path).catch(async (cause) => {
        // Without the folder of all objects the whole storage is away, such as a volume that is not mounted.
        const isGone = (cause as NodeJS.ErrnoException).code === 'ENOENT' && (await exists(join(root, 'audio')));
        throw isGone ? missing(cause) : unreadable(cause);
      });
      return use(path);
    },
    async delete(name) {
      await rm(pathOf(name), { force: true });
    },
    async *old(seconds) {
      const folder = join(root, 'audio');
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath ?? entry.path, entry.name);
        const stats = await stat(path).catch(() => undefined);
        if (stats === undefined || Date.now() - stats.mtimeMs < seconds * 1000) continue;
        if (entry.name.endsWith('.part')) await rm(path, { force: true });
        else yield `audio/${entry.name}`;
      }
    },
  };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
