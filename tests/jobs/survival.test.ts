import { describe, expect, it } from 'vitest';
import { killServer, killWorkers } from './chaos.ts';
import { NO_POSTGRES } from './databases.ts';

/** The short forms; `scripts/chaos-jobs.ts` runs the long ones. */

describe('a single process with an embedded database', () => {
  it('loses no job and runs none twice when it is killed with jobs queued and running', async () => {
    const { submitted, states } = await killServer({ rounds: 2, jobs: 15, ms: 300 });
    expect({ submitted, states }).toEqual({ submitted: 30, states: { succeeded: 30 } });
  }, 240_000);
});

describe.skipIf(NO_POSTGRES !== '')(`workers on a PostgreSQL server${NO_POSTGRES}`, () => {
  it('complete each job once while a worker is killed every 2 s and the database restarts once', async () => {
    const tally = await killWorkers({ jobs: 40, workers: 2, killEveryMs: 2_000, restarts: 1, ms: 200 });
    expect(tally.states).toEqual({ succeeded: 40 });
    expect(tally.results).toBe(40);
    expect(tally.kills).toBeGreaterThan(2);
    // The API answered all the time: refused with 503 at most, and windows noticed nothing.
    expect(Object.keys(tally.refusals).filter((status) => status !== '503')).toEqual([]);
    expect(Object.keys(tally.infer)).toEqual(['200']);
  }, 240_000);
});
