import { rmSync } from 'node:fs';
import { type JobResult, Jobs, type NewJob, type OpenJobs, openJobs } from '@voiceflow-ml/jobs';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { dataFolder, NO_POSTGRES, PATIENCE, PostgresServer, testOptions } from './databases.ts';

export const RESULT: JobResult = {
  duration: 30,
  turns: [
    { start: 0, end: 20, speaker: 'A', confidence: 0.9 },
    { start: 20, end: 30, speaker: 'B' },
  ],
  speakers: [
    { label: 'A', seconds: 20, embedding: [0.6, 0.8], name: 'Ada' },
    { label: 'B', seconds: 10, embedding: [1, 0] },
  ],
  model: { id: 'm', version: '1', space: 's' },
  backend: 'b',
  warnings: [],
  timings: { load: 0, decode: 0, model: 0, cluster: 0, total: 0 },
};

const kinds = [
  {
    name: 'embedded (PGlite)',
    skip: false,
    start: async () => ({ where: { data: await dataFolder() }, end: () => {} }),
  },
  {
    name: `PostgreSQL server${NO_POSTGRES}`,
    skip: NO_POSTGRES !== '',
    start: async () => {
      const server = await PostgresServer.start();
      const data = await dataFolder();
      return { where: { database: server.url, data }, end: () => server.remove() };
    },
  },
];

/** Runs tests on both databases. @param tests Get the queue within a test; it is empty before each. */
export function onBothDatabases(tests: (queue: () => ReturnType<typeof queueOn>) => void): void {
  for (const { name, skip, start } of kinds)
    describe.skipIf(skip)(name, () => {
      let open: OpenJobs;
      let place: Awaited<ReturnType<typeof start>>;
      beforeAll(async () => {
        place = await start();
        open = await openJobs(testOptions(place.where));
      }, PATIENCE);
      afterAll(async () => {
        await open.db.close();
        await place.end();
        rmSync(place.where.data, { recursive: true, force: true });
      });
      beforeEach(async () => {
        for (const table of ['job', 'spent']) await open.db.query(`delete from voiceflow.${table}`);
      });
      tests(() => queueOn(open, place.where));
    });
}

function queueOn(open: OpenJobs, where: Parameters<typeof testOptions>[0]) {
  const jobs = new Jobs(open.db);
  const submit = async (more: Partial<NewJob> = {}) =>
    (await jobs.submit({ id: crypto.randomUUID(), key: 'k', priority: 0, options: {}, object: 'audio/x', ...more }))
      .job;
  const claim = async (leases = open.leases) => {
    const claimed = await leases.claim('w');
    if (claimed === undefined) throw new Error('nothing to claim');
    return claimed;
  };
  return { open, jobs, where, submit, claim };
}
