import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type * as Files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withLock } from './lock.ts';

/** Called after each look at a lock, before the one who looks gets to know what it saw. */
let looked: () => Promise<void> = async () => {};

vi.mock('node:fs/promises', async (load) => {
  const files = await load<typeof Files>();
  const lstat = async (...args: Parameters<typeof files.lstat>) => {
    const [seen] = await Promise.allSettled([files.lstat(...args)]);
    await looked();
    if (seen.status === 'rejected') throw seen.reason;
    return seen.value;
  };
  return { ...files, lstat };
});

let root = '';
let path = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'voiceflow-lock-'));
  path = join(root, 'file');
});
afterEach(() => {
  vi.useRealTimers();
  looked = async () => {};
  rmSync(root, { recursive: true });
});

const age = () => utimesSync(`${path}.lock`, 1e9, 1e9);

/** A lock that is held until `done` is called. */
async function hold() {
  let done = () => {};
  const until = new Promise<void>((resolve) => {
    done = resolve;
  });
  let end: Promise<void> = until;
  await new Promise<void>((resolve) => {
    end = withLock(path, () => {
      resolve();
      return until;
    });
  });
  return { done, end };
}

it('takes over a stale lock, and leaves no file', async () => {
  writeFileSync(`${path}.lock`, '');
  age();
  expect(await withLock(path, async () => 'done')).toBe('done');
  expect(readdirSync(root)).toEqual([]);
});

it('takes over a stale lock whose claim was left behind by a process that was killed', async () => {
  writeFileSync(`${path}.lock`, '');
  age();
  for (let name = `${path}.lock`, depth = 0; depth < 2; depth++) {
    const { ino, mtimeNs } = statSync(name, { bigint: true });
    name = `${name}.${ino}-${mtimeNs}`;
    writeFileSync(name, '');
    utimesSync(name, 1e9, 1e9);
  }
  expect(await withLock(path, async () => 'done', { timeoutMs: 240_000 })).toBe('done');
  expect(readdirSync(root)).toEqual([]);
});

it('leaves a claim that is held', async () => {
  writeFileSync(`${path}.lock`, '');
  age();
  const { ino, mtimeNs } = statSync(`${path}.lock`, { bigint: true });
  writeFileSync(`${path}.lock.${ino}-${mtimeNs}`, '');
  await expect(withLock(path, async () => {}, { timeoutMs: 0 })).rejects.toThrow('another process is changing');
  expect(readdirSync(root)).toHaveLength(2);
});

it('does not remove the lock of a process that took over the stale lock first', async () => {
  writeFileSync(`${path}.lock`, '');
  age();
  let first: Awaited<ReturnType<typeof hold>> | undefined;
  let looks = 0;
  let overlaps = false;
  looked = async () => {
    // The second process has seen the stale lock. Before it acts, the first one removes that lock and takes its own.
    if (looks++ === 0) first = await hold();
    // The second one looks again and again: it waits.
    if (looks === 10) first?.done();
  };
  const work = async () => {
    overlaps = looks < 10;
    first?.done();
  };
  await withLock(path, work, { timeoutMs: 240_000 });
  await first?.end;
  expect(overlaps).toBe(false);
  expect(readdirSync(root)).toEqual([]);
});

it('is not stale while it is held', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { done, end } = await hold();
  age();
  await vi.advanceTimersByTimeAsync(10_000);
  const isOld = () => statSync(`${path}.lock`).mtimeMs < 1e12 + 1;
  await vi.waitFor(() => expect(isOld()).toBe(false), { timeout: 240_000 });
  await expect(withLock(path, async () => {}, { timeoutMs: 0 })).rejects.toThrow('another process is changing');
  done();
  await end;
  expect(existsSync(`${path}.lock`)).toBe(false);
});

it('leaves the lock of another process that took it for stale', async () => {
  const { done, end } = await hold();
  rmSync(`${path}.lock`);
  writeFileSync(`${path}.lock`, 'of another process');
  done();
  await end;
  expect(existsSync(`${path}.lock`)).toBe(true);
});

it('reports once that it waits, and stops on abort', async () => {
  const { done, end } = await hold();
  const stop = new AbortController();
  let looks = 0;
  looked = async () => {
    if (++looks === 3) stop.abort();
  };
  const onWait = vi.fn();
  const waiting = withLock(path, async () => {}, { timeoutMs: Number.POSITIVE_INFINITY, signal: stop.signal, onWait });
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
  expect(onWait).toHaveBeenCalledOnce();
  done();
  await end;
});

it('gives up a lock that cannot be created or followed', async () => {
  symlinkSync(join(root, 'nowhere'), `${path}.lock`);
  await expect(withLock(path, async () => {}, { timeoutMs: 0 })).rejects.toThrow('another process is changing');
  await expect(withLock(join(root, 'none/file'), async () => {})).rejects.toThrow('cannot lock');
});
