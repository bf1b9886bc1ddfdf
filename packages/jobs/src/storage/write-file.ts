import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';

/**
 * Makes a file that only this user may read, and has `write` fill it. When that fails, no file is there, now or later.
 * @param write Ends once the sink has all bytes, such as a `pipeline` into it.
 * @param flush Waits for the disk.
 * @throws what `write` throws.
 */
export async function writeFile(
  path: string,
  write: (sink: Writable) => Promise<void>,
  { flush = false }: { readonly flush?: boolean } = {},
): Promise<void> {
  const sink = createWriteStream(path, { flush, mode: 0o600 });
  const closed = new Promise<void>((done) => sink.once('close', done));
  try {
    await write(sink);
  } catch (error) {
    // A pipeline that fails does not wait for a file that is still being opened: it would come after its removal.
    sink.destroy();
    await closed;
    await rm(path, { force: true }).catch(() => {});
    throw error;
  }
}
