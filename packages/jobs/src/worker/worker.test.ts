import { expect, it } from 'vitest';
import { type Database, unavailable } from '../database/database.ts';
import type { Leases } from '../queue/leases.ts';
import type { Claimed, JobResult } from '../queue/types.ts';
import type { Storage } from '../storage/storage.ts';
import type { Voices } from '../voices/voices.ts';
import { NO_METRICS } from './metrics.ts';
import type { Recordings } from './recordings.ts';
import { Worker } from './worker.ts';

const CLAIMED: Claimed = {
  ...{ id: 'j', key: '', lease: 'L', object: 'audio/x', url: null, options: {}, failures: 0, waited: 0 },
};

/** Resolved by the test. */
function gate<T>() {
  let open: (value: T) => void = () => {};
  const passed = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

/** A worker with stand-ins for what it calls. */
function workerWith(leases: Partial<Leases>, diarized: string[] = []): Worker {
  return new Worker({
    name: 'w',
    db: { listen() {} } as unknown as Database,
    leases: { heartbeat: async () => ['L'], release: async () => {}, ...leases } as Leases,
    storage: { withFile: (_: string, __: AbortSignal, use) => use(import.meta.filename) } as Storage,
    recordings: {
      space: '',
      free: (taken: number) => 1 - taken,
      onFree() {},
      async diarize({ path }: { path: string }) {
        diarized.push(path);
        return { duration: 1 } as JobResult;
      },
    } as unknown as Recordings,
    voices: {} as Voices,
    withUrl: async () => {
      throw new Error('not used');
    },
    metrics: NO_METRICS,
    log: () => {},
    deleteAudio: false,
  });
}

it('releases a job that it claims while it stops', async () => {
  const claim = gate<Claimed>();
  const released: string[] = [];
  const diarized: string[] = [];
  const worker = workerWith(
    { claim: () => claim.passed, release: async (leases) => void released.push(...leases) },
    diarized,
  );
  worker.start();
  let isStopped = false;
  const stopped = worker.stop(60_000).then(() => {
    isStopped = true;
  });
  await new Promise((done) => setImmediate(done));
  expect(isStopped).toBe(false);
  claim.open(CLAIMED);
  await stopped;
  expect({ released, diarized, running: worker.running }).toEqual({ released: ['L'], diarized: [], running: 0 });
});

it('does not wait for a claim longer than the grace time, and releases its job when it arrives', async () => {
  const claim = gate<Claimed>();
  const release = gate<readonly string[]>();
  const diarized: string[] = [];
  const worker = workerWith({ claim: () => claim.passed, release: async (leases) => release.open(leases) }, diarized);
  worker.start();
  await worker.stop(1);
  claim.open(CLAIMED);
  expect(await release.passed).toEqual(['L']);
  expect({ diarized, running: worker.running }).toEqual({ diarized: [], running: 0 });
});

it('does not try again to store a result while it stops', async () => {
  let given = false;
  let attempts = 0;
  const reported = gate<true>();
  const worker = workerWith({
    async claim() {
      if (given) return undefined;
      given = true;
      return CLAIMED;
    },
    async succeed() {
      attempts++;
      reported.open(true);
      throw unavailable('away');
    },
  });
  worker.start();
  await reported.passed;
  await worker.stop(0);
  expect({ running: worker.running, attempts }).toEqual({ running: 0, attempts: 1 });
});
