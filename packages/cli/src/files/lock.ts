import { type FileHandle, lstat, open, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfAborted } from 'voiceflow-ml/core';
import { codeOf, explainSystemError, FileError } from '../errors.ts';

/** Milliseconds between tries, and until giving up a lock that is held only while a small file is written. */
const TRY_MS = 25;
const TIMEOUT_MS = 10_000;
/** An older lock was left behind by a process that ended while it held the lock. */
const STALE_MS = 30_000;
/** A held lock gets a new time this often. */
const TOUCH_MS = 5_000;

interface LockOptions {
  /** Milliseconds to wait for the lock; default 10 s. */
  readonly timeoutMs?: number;
  /** Ends the wait for the lock. */
  readonly signal?: AbortSignal | undefined;
  /** Called once if another process holds the lock. */
  readonly onWait?: (() => void) | undefined;
  /** What to do when the lock cannot be created. */
  readonly hint?: string;
}

/**
 * Runs `work` under a lock between processes: the file `PATH.lock` exists while it runs.
 * @throws FileError when the lock cannot be acquired; `aborted`; whatever `work` throws.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const lock = `${path}.lock`;
  const held = await take(lock, path, options);
  const touching = setInterval(() => {
    const now = new Date();
    void held.utimes(now, now).catch(() => {});
  }, TOUCH_MS);
  try {
    return await work();
  } finally {
    clearInterval(touching);
    await release(lock, held);
  }
}

async function take(lock: string, path: string, options: LockOptions): Promise<FileHandle> {
  const { timeoutMs = TIMEOUT_MS, signal, onWait, hint = 'Check the folder and its permissions' } = options;
  const until = performance.now() + timeoutMs;
  for (let waits = false; ; ) {
    throwIfAborted(signal);
    try {
      const held = await create(lock);
      if (held !== undefined) return held;
      if (await dropStale(lock)) continue;
    } catch (cause) {
      throw new FileError(`cannot lock ${path}: ${explainSystemError(cause)}`, { hint, cause });
    }
    if (performance.now() > until) {
      throw new FileError(`another process is changing ${path}`, {
        hint: `If no other process uses it, remove ${lock}`,
      });
    }
    if (!waits) onWait?.();
    waits = true;
    await sleep(TRY_MS);
  }
}

/** Creates a file; undefined when it exists. */
async function create(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'wx');
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw error;
  }
}

/**
 * Removes a stale lock. Between the look at a lock and its removal, another process may have removed it and created its
 * own, so whoever removes a lock first claims it, by a file that has the identity of this lock in its name. All that
 * remove this lock need the same claim, so under it the lock is either still the stale one or is left alone.
 * @returns Whether the lock is gone.
 */
async function dropStale(lock: string): Promise<boolean> {
  const old = await identify(lock);
  if (old === undefined) return true;
  if (Date.now() - old.time < STALE_MS) return false;
  const name = `${lock}.${old.id}`;
  const claim = await create(name);
  if (claim === undefined) {
    // A claim is held for a moment only: an old one was left behind by a process that ended just then.
    await dropStale(name);
    return false;
  }
  try {
    await claim.close();
    if ((await identify(lock))?.id === old.id) await rm(lock, { force: true });
  } finally {
    await rm(name, { force: true });
  }
  return true;
}

/** A lock's time in milliseconds, and an identity that no later lock has; undefined when there is no lock. */
async function identify(lock: string): Promise<{ readonly id: string; readonly time: number } | undefined> {
  try {
    const { ino, mtimeNs } = await lstat(lock, { bigint: true });
    return { id: `${ino}-${mtimeNs}`, time: Number(mtimeNs / 1_000_000n) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes the own lock, unless it has been taken for stale because this process was suspended. */
async function release(lock: string, held: FileHandle): Promise<void> {
  const own = await held.stat({ bigint: true });
  const present = await lstat(lock, { bigint: true }).catch(() => undefined);
  // The handle is still open, so no other file has this inode.
  const isOwn = present?.ino === own.ino && present.dev === own.dev;
  await held.close();
  if (isOwn) await rm(lock, { force: true });
}
