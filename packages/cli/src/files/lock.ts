import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, explainSystemError, FileError } from '../errors.ts';
import { statsOf } from './open.ts';

/** Milliseconds between tries, and until giving up. A lock is held only while a small file is written. */
const TRY_MS = 25;
const TIMEOUT_MS = 10_000;
/** An older lock was left behind by a process that ended while it held the lock. */
const STALE_MS = 30_000;

/**
 * Runs `work` under a lock between processes: the file `PATH.lock` exists while it runs.
 * @throws FileError when the lock cannot be acquired; whatever `work` throws.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  await take(lock, path);
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string, path: string): Promise<void> {
  const until = performance.now() + TIMEOUT_MS;
  for (;;) {
    try {
      await (await open(lock, 'wx')).close();
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') {
        const message = `cannot lock ${path}: ${explainSystemError(error)}`;
        throw new FileError(message, { hint: 'Check the folder and its permissions', cause: error });
      }
    }
    if (await dropStale(lock)) continue;
    if (performance.now() > until) {
      throw new FileError(`another process is changing ${path}`, {
        hint: `If no other process uses it, remove ${lock}`,
      });
    }
    await sleep(TRY_MS);
  }
}

/** Removes a stale lock. It is renamed first: when several processes find it stale, only one succeeds. */
async function dropStale(lock: string): Promise<boolean> {
  const old = await statsOf(lock);
  if (old === undefined) return true;
  if (Date.now() - old.mtimeMs < STALE_MS) return false;
  const aside = `${lock}.${randomUUID()}`;
  await rename(lock, aside).catch(() => {});
  await rm(aside, { force: true });
  return true;
}
