import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { Database } from '../database/database.ts';
import type { Leases } from '../queue/leases.ts';
import type { Storage } from '../storage/storage.ts';
import { Janitor } from './janitor.ts';

/** A janitor of ended jobs with these objects, of which some cannot be deleted. */
function janitorOf(
  objects: string[],
  refuses: (object: string) => boolean,
  spool = '/nowhere',
  more: Partial<Leases> = {},
) {
  const stored = new Set(objects);
  const kept = new Set(objects);
  const calls = { deletions: 0, expired: 0, asked: 0 };
  const janitor = new Janitor({
    // Stand-ins with what is called of them.
    db: {} as Database,
    leases: {
      freed: async (_: number, limit: number) => [...kept].slice(0, limit),
      forget: async (forgotten: readonly string[]) => {
        for (const object of forgotten) kept.delete(object);
      },
      orphans: async (names: readonly string[]) => {
        calls.asked++;
        return [...names];
      },
      expire: async () => {
        calls.expired++;
        return 0;
      },
      ...more,
    } as unknown as Leases,
    storage: {
      async delete(object: string) {
        calls.deletions++;
        if (refuses(object)) throw new Error('not permitted');
        stored.delete(object);
      },
      async *old() {
        yield* [...stored];
      },
    } as Partial<Storage> as Storage,
    spool,
    keep: { audio: 0, results: 0 },
    log: () => {},
  });
  return { janitor, stored, kept, calls };
}

const names = (count: number) => Array.from({ length: count }, (_, at) => `audio/${at}`);

it('deletes all other audio and results when some objects cannot be deleted', async () => {
  const bad = (object: string) => /[37]$/.test(object);
  const { janitor, stored, kept, calls } = janitorOf(names(1_234), bad);
  await janitor.expire();
  expect([...stored]).toEqual(names(1_234).filter(bad));
  expect([...kept]).toEqual([...stored]);
  expect(calls.expired).toBe(1);
});

it('tries again later', async () => {
  let fails = true;
  const { janitor, kept } = janitorOf(names(5), () => fails);
  await janitor.expire();
  expect(kept.size).toBe(5);
  fails = false;
  await janitor.expire();
  expect(kept.size).toBe(0);
});

it('stops early when the storage is unavailable, and still deletes results', async () => {
  const { janitor, calls } = janitorOf(names(1_000), () => true);
  await janitor.expire();
  expect(calls).toEqual({ deletions: 10, expired: 1, asked: 0 });
});

it('reaches the objects behind many that cannot be deleted', async () => {
  const bad = (object: string) => Number(object.slice('audio/'.length)) < 45;
  const { janitor, kept } = janitorOf(names(100), bad);
  for (let i = 0; i < 5; i++) await janitor.expire();
  expect([...kept]).toEqual(names(45));
});

it('deletes objects without a job, also when some cannot be deleted', async () => {
  const bad = (object: string) => /[37]$/.test(object);
  const { janitor, stored } = janitorOf(names(1_234), bad);
  await janitor.orphans();
  expect([...stored]).toEqual(names(1_234).filter(bad));
});

it('does not try every object without a job when the storage is unavailable', async () => {
  const { janitor, calls } = janitorOf(names(2_000), () => true);
  await janitor.orphans();
  expect(calls).toEqual({ deletions: 10, expired: 0, asked: 1 });
});

it('reaches the objects without a job behind many that cannot be deleted, and tries those again', async () => {
  let isFixed = false;
  const bad = (object: string) => !isFixed && Number(object.slice('audio/'.length)) < 45;
  const { janitor, stored } = janitorOf(names(100), bad);
  for (let i = 0; i < 5; i++) await janitor.orphans();
  expect([...stored]).toEqual(names(45));
  isFixed = true;
  await janitor.orphans();
  expect(stored.size).toBe(0);
});

it.each([7_200, -7_200])(
  'takes no job from its worker when the clock jumps by %i s, until a lease time later',
  async (jump) => {
    let jumped = 0;
    let mono = 0;
    const now = vi.spyOn(performance, 'now').mockImplementation(() => mono * 1000);
    const reap = vi.fn(async () => 0);
    const { janitor } = janitorOf([], () => false, '/nowhere', {
      leaseSeconds: 15,
      clock: async () => 1e9 + mono + jumped,
      reap,
    });
    const looks = async (count: number) => {
      for (let i = 0; i < count; i++, mono += 5) await janitor.reap();
      return reap.mock.calls.length;
    };
    try {
      expect(await looks(4)).toBe(4);
      jumped = jump;
      expect(await looks(3)).toBe(4);
      expect(await looks(2)).toBe(6);
    } finally {
      now.mockRestore();
    }
  },
);

it('deletes temporary files that a killed process left, but not those in use', async () => {
  const spool = mkdtempSync(join(tmpdir(), 'voiceflow-spool-'));
  try {
    for (const name of ['new.part', 'old.part', 'old.txt']) writeFileSync(join(spool, name), 'audio');
    for (const name of ['old.part', 'old.txt']) utimesSync(join(spool, name), 0, Date.now() / 1000 - 7 * 3_600);
    await janitorOf([], () => false, spool).janitor.orphans();
    expect(readdirSync(spool).sort()).toEqual(['new.part', 'old.txt']);
  } finally {
    rmSync(spool, { recursive: true, force: true });
  }
});
