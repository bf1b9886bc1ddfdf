import { access, mkdir, opendir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { VoiceFlowError } from 'voiceflow-ml/core';
import type { Storage } from './storage.ts';
import { writeFile } from './write-file.ts';

/**
 * Stores objects as files below a folder, spread over 256 subfolders.
 * @param flush Waits for the disk, so that objects survive a loss of power. Useful only if the database does the same.
 */
export function folderStorage(root: string, { flush }: { readonly flush: boolean }): Storage {
  const pathOf = (name: string) => join(root, dirname(name), name.slice(-2), name.slice(dirname(name).length + 1));
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
      await access(path).catch((cause) => {
        throw missing(cause);
      });
      return use(path);
    },
    async delete(name) {
      await rm(pathOf(name), { force: true });
    },
    async *old(seconds) {
      const folder = join(root, 'audio');
      for (const path of await filesBelow(folder)) {
        const stats = await stat(path).catch(() => undefined);
        if (stats === undefined || Date.now() - stats.mtimeMs < seconds * 1000) continue;
        const base = path.slice(dirname(path).length + 1);
        if (base.endsWith('.part')) await rm(path, { force: true });
        else yield `audio/${base}`;
      }
    },
  };
}

async function filesBelow(folder: string): Promise<string[]> {
  const paths: string[] = [];
  const dir = await opendir(folder, { recursive: true }).catch(() => undefined);
  if (dir === undefined) return paths;
  for await (const entry of dir) if (entry.isFile()) paths.push(join(entry.parentPath ?? entry.path, entry.name));
  return paths;
}

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Converts an error of the file system to an error of the contract. */
export function storageError(error: unknown): unknown {
  if (VoiceFlowError.isInstance(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined && NO_ROOM.has(code)) {
    return new VoiceFlowError('overloaded', 'the server has no disk space for the recording', {
      hint: 'Try again later; the operator of the server must free disk space.',
      retryAfter: 60,
      cause: error,
    });
  }
  return new VoiceFlowError('backend-unavailable', `the recording could not be stored: ${code ?? message}`, {
    hint: 'Try again after Retry-After seconds.',
    retryAfter: 5,
    cause: error,
  });
}

export function missing(cause?: unknown): VoiceFlowError {
  return new VoiceFlowError('invalid-audio', 'the audio of the job no longer exists', {
    hint: 'Submit the recording again.',
    cause,
  });
}
