import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { storageError } from './storage.ts';

/**
 * Creates a file that only this user may read, and fills it with `write`. A failure leaves no file, not even later.
 * @param write Resolves when the sink has all bytes, such as a `pipeline` into it.
 * @param flush Whether to wait for the disk.
 * @returns Bytes written.
 * @throws what `write` throws.
 */
export async function writeFile(
  path: string,
  write: (sink: Writable) => Promise<void>,
  { flush = false }: { readonly flush?: boolean } = {},
): Promise<number> {
  const sink = createWriteStream(path, { flush, mode: 0o600 });
  const closed = new Promise<void>((done) => sink.once('close', done));
  try {
    await write(sink);
    return sink.bytesWritten;
  } catch (error) {
    // A failed pipeline does not wait for a file that is still being opened; the file would appear after its removal.
    sink.destroy();
    await closed;
    await rm(path, { force: true }).catch(() => {});
    throw error;
  }
}

/** Removes temporary files that were last written more than `seconds` ago: their process was killed. */
export async function removeOldTemporaryFiles(folder: string, seconds: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const stats = name.endsWith('.part') ? await stat(path).catch(() => undefined) : undefined;
    if (stats !== undefined && Date.now() - stats.mtimeMs >= seconds * 1000)
      await rm(path, { force: true }).catch(() => {});
  }
}

/**
 * Fills a temporary file in `folder` for `use`, and removes it after that.
 * @throws what `fill` throws, as an error of the storage; what `use` throws.
 */
export async function withTemporaryFile<T>(
  folder: string,
  fill: (path: string) => Promise<unknown>,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(folder, `${randomUUID()}.part`);
  try {
    await mkdir(folder, { recursive: true })
      .then(() => fill(path))
      .catch((error) => {
        throw storageError(error);
      });
    return await use(path);
  } finally {
    await rm(path, { force: true }).catch(() => {});
  }
}
