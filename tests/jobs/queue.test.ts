import { readFileSync, rmSync } from 'node:fs';
import { type JobResult, Jobs, Leases, type NewJob, type OpenJobs, openJobs } from '@voiceflow-ml/jobs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Deliveries } from '../../packages/jobs/src/webhooks/deliveries.ts';
import { dataFolder, NO_POSTGRES, PATIENCE, PostgresServer, testOptions } from './databases.ts';

/** The queue on both databases: the same tests. */

const README = readFileSync(new URL('../../packages/jobs/README.md', import.meta.url), 'utf8');
const README_SQL = /```sql\n([\s\S]*?)```/.exec(README)?.[1] ?? '';

const RESULT: JobResult = {
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

for (const { name, skip, start } of kinds) {
  describe.skipIf(skip)(name, () => {
    let open: OpenJobs;
    let jobs: Jobs;
    let place: Awaited<ReturnType<typeof start>>;
    beforeAll(async () => {
      place = await start();
      open = await openJobs(testOptions(place.where));
      jobs = new Jobs(open.db);
    }, PATIENCE);
    afterAll(async () => {
      await open.db.close();
      await place.end();
      rmSync(place.where.data, { recursive: true, force: true });
    });
    beforeEach(async () => {
      for (const table of ['job', 'spent']) await open.db.query(`delete from voiceflow.${table}`);
    });

    const submit = async (more: Partial<NewJob> = {}) =>
      (await jobs.submit({ id: crypto.randomUUID(), key: 'k', priority: 0, options: {}, object: 'audio/x', ...more }))
        .job;
    const claim = async (leases = open.leases) => {
      const claimed = await leases.claim('w');
      if (claimed === undefined) throw new Error('nothing to claim');
      return claimed;
    };

    it('runs a job through all states, and stores its result as JSON and as rows', async () => {
      const made = await submit({ options: { known: '[]', exclusive: 'true' }, metadata: { call: 7 }, bytes: 9 });
      expect(made).toMatchObject({ state: 'queued', metadata: { call: 7 }, bytes: 9, startedAt: null });
      // The known voices take up to 1 MiB for each job; only its worker reads them.
      const shown = [made, await jobs.get('k', made.id), ...(await jobs.list('k', { limit: 1 }))];
      for (const job of [...shown, ...(await jobs.states([made.id]))])
        expect(job?.options).toEqual({ exclusive: 'true' });
      const claimed = await claim();
      expect(claimed).toMatchObject({ id: made.id, key: 'k', object: 'audio/x', options: { known: '[]' } });
      const progress = { stage: 'model', done: 3, total: 30 } as const;
      expect(await open.leases.heartbeat([{ lease: claimed.lease, progress }])).toEqual([claimed.lease]);
      expect(await jobs.get('k', made.id)).toMatchObject({ state: 'running', progress });
      expect(await open.leases.succeed(claimed, RESULT, 30, false)).toBe(true);
      const ended = await jobs.get('k', made.id);
      expect(ended).toMatchObject({
        state: 'succeeded',
        audioSeconds: 30,
        progress: null,
        options: { exclusive: 'true' },
      });
      expect(ended?.options).not.toHaveProperty('known');
      const result = (await jobs.result('k', made.id)) as JobResult;
      expect(result.turns).toEqual(RESULT.turns);
      expect(JSON.stringify(result)).not.toContain('embedding');
      const long = await open.db.query<{ job: string }>(
        "select job from voiceflow.speakers where name = 'Ada' and seconds > 15 and metadata->>'call' = '7'",
      );
      expect(long).toEqual([{ job: made.id }]);
      expect(await open.db.query('select name, end_seconds from voiceflow.turns order by start_seconds')).toEqual([
        { name: 'Ada', end_seconds: 20 },
        { name: null, end_seconds: 30 },
      ]);
      const [minute = '', turns = ''] = README_SQL.split(';');
      expect(await open.db.query(minute.replace('60', '15'))).toEqual([{ job: made.id, metadata: { call: 7 } }]);
      expect(await open.db.query(turns.replace('…', made.id))).toHaveLength(2);
    });

    it('keeps embeddings only on request', async () => {
      await submit();
      await open.leases.succeed(await claim(), RESULT, 30, true);
      const [row] = await open.db.query<{ embedding: number[] }>(
        "select embedding from voiceflow.speaker where label = 'B'",
      );
      expect(row?.embedding).toEqual([1, 0]);
    });

    it('lets only the holder of the current lease end a job', async () => {
      const { id } = await submit();
      const hasty = new Leases(open.db, { ...open.options, leaseSeconds: -1 });
      const first = await claim(hasty);
      expect(await open.leases.reap()).toBe(1);
      const second = await claim();
      expect(second.id).toBe(id);
      expect(await open.leases.heartbeat([{ lease: first.lease, progress: null }])).toEqual([]);
      expect(await open.leases.succeed(first, RESULT, 30, false)).toBe(false);
      expect(await open.leases.fail(first, { code: 'x', detail: '' }, 'final')).toBeUndefined();
      expect(await open.leases.succeed(second, RESULT, 30, false)).toBe(true);
      expect(await open.leases.succeed(second, RESULT, 30, false)).toBe(false);
      expect(await open.db.query('select count(*)::int as n from voiceflow.result')).toEqual([{ n: 1 }]);
    });

    it('assigns no job twice to workers that claim concurrently', async () => {
      for (let i = 0; i < 30; i++) await submit({ key: `k${i % 3}` });
      const claims = await Promise.all(Array.from({ length: 40 }, () => open.leases.claim('w')));
      const more = await Promise.all(Array.from({ length: 40 }, () => open.leases.claim('w')));
      const ids = [...claims, ...more].flatMap((each) => each?.id ?? []);
      expect(ids.length).toBe(30);
      expect(new Set(ids).size).toBe(30);
    });

    it('retries a job up to three tries, then stores its problem; a permanent failure ends it at once', async () => {
      const patient = new Leases(open.db, { ...open.options, retrySeconds: 0 });
      const { id } = await submit();
      for (const state of ['queued', 'queued', 'failed'])
        expect(await patient.fail(await claim(), { code: 'backend-failed', detail: 'it died' }, 'retry')).toBe(state);
      expect(await jobs.get('k', id)).toMatchObject({ state: 'failed', failures: 3, problem: { detail: 'it died' } });
      // A message may quote a recording's bytes.
      const quoted = await submit();
      const problem = { code: 'invalid-audio', detail: 'RIFF\0\ud83d', hint: '\0' };
      expect(await patient.fail(await claim(), problem, 'final')).toBe('failed');
      expect((await jobs.get('k', quoted.id))?.problem).toEqual({
        ...problem,
        detail: 'RIFF\ufffd\ufffd',
        hint: '\ufffd',
      });
      await submit();
      for (let i = 0; i < 5; i++)
        expect(await patient.fail(await claim(), { code: 'overloaded', detail: '' }, 'defer')).toBe('queued');
    });

    it('waits before a retry', async () => {
      const slow = new Leases(open.db, { ...open.options, retrySeconds: 60 });
      await submit();
      await slow.fail(await claim(), { code: 'x', detail: '' }, 'retry');
      expect(await open.leases.claim('w')).toBeUndefined();
      expect((await jobs.depth()).retrying).toBe(1);
    });

    it('does not make jobs and webhooks wait when the clock is set back', async () => {
      const { id } = await submit({ webhook: 'https://example.com/' });
      const ahead = (table: string, column: string, by: string) =>
        open.db.query(`update voiceflow.${table} set ${column} = ${column} + interval '${by}'`);
      for (const column of ['created_at', 'run_at']) await ahead('job', column, '2 hours');
      const claimed = await claim();
      expect(claimed).toMatchObject({ id, waited: 0 });
      await ahead('job', 'started_at', '2 hours');
      expect((await jobs.get('k', id))?.runningSeconds).toBe(0);
      await open.leases.fail(claimed, { code: 'x', detail: '' }, 'retry');
      await ahead('job', 'run_at', '1 day');
      await open.leases.succeed(await claim(), RESULT, 30, false);
      const deliveries = new Deliveries(open.db);
      await ahead('delivery', 'run_at', '2 hours');
      expect(await deliveries.take(5, [])).toMatchObject([{ job: id, tries: 0 }]);
      expect(await deliveries.take(5, [])).toEqual([]);
      await ahead('delivery', 'run_at', '1 day');
      expect(await deliveries.take(5, [])).toMatchObject([{ job: id, tries: 1 }]);
    });

    it('requeues the job of a lost worker although the clock was set back', async () => {
      const { id } = await submit();
      await claim();
      expect(await open.leases.reap()).toBe(0);
      await open.db.query(`update voiceflow.job set lease_until = lease_until + interval '1 day'`);
      expect(await open.leases.reap()).toBe(1);
      expect(await jobs.get('k', id)).toMatchObject({ state: 'queued' });
    });

    it('fails a job after ten lost workers', async () => {
      const hasty = new Leases(open.db, { ...open.options, leaseSeconds: -1 });
      const { id } = await submit({ webhook: 'https://example.com/' });
      for (let i = 0; i < 10; i++) {
        await claim(hasty);
        await open.leases.reap();
      }
      expect(await jobs.get('k', id)).toMatchObject({ state: 'failed', problem: { code: 'backend-failed' } });
      expect(await open.db.query('select count(*)::int as n from voiceflow.delivery')).toEqual([{ n: 1 }]);
    });

    it('alternates between keys, and prefers higher priorities within a key', async () => {
      for (let i = 0; i < 6; i++) await submit({ key: 'many' });
      const urgent = await submit({ key: 'many', priority: 9 });
      const few = await submit({ key: 'few' });
      const order = [await claim(), await claim(), await claim()];
      expect(
        order
          .slice(0, 2)
          .map(({ id }) => id)
          .sort(),
      ).toEqual([urgent.id, few.id].sort());
      expect(order[2]?.key).toBe('many');
    });

    it('delays a key that has used its daily seconds of audio', async () => {
      const bounded = new Leases(open.db, { ...open.options, secondsPerDay: 30 });
      await submit({ key: 'a' });
      const used = await claim();
      await open.leases.succeed(used, RESULT, 20, false);
      await submit({ key: 'a' });
      const expired = await claim();
      await open.leases.succeed(expired, RESULT, 10, false);
      await submit({ key: 'a' });
      expect(await bounded.claim('w')).toBeUndefined();
      const other = await submit({ key: 'b' });
      expect((await bounded.claim('w'))?.id).toBe(other.id);
      expect(await jobs.secondsToday('a')).toBe(30);
      // Removing the jobs gives nothing back.
      await open.leases.forget(['audio/x']);
      expect(await jobs.remove('a', used.id)).toBe(true);
      expect(await open.leases.expire(0, 10)).toBe(1);
      expect(await jobs.get('a', expired.id)).toBeUndefined();
      expect(await jobs.secondsToday('a')).toBe(30);
      expect(await bounded.claim('w')).toBeUndefined();
      await open.db.query("update voiceflow.spent set started_at = started_at - interval '1 day'");
      await open.leases.expire(0, 10);
      expect(await open.db.query('select * from voiceflow.spent')).toEqual([]);
      expect((await bounded.claim('w'))?.key).toBe('a');
    });

    it('requeues a job whose worker stops, without counting a failure', async () => {
      await submit();
      const first = await claim();
      await open.leases.release([first.lease]);
      expect(await claim()).toMatchObject({ id: first.id, failures: 0 });
    });

    it('requeues all running jobs when the only process of the database starts, without counting losses', async () => {
      const { id } = await submit();
      await claim();
      expect(await open.leases.reap(true)).toBe(1);
      expect(await jobs.get('k', id)).toMatchObject({ state: 'queued', losses: 0 });
    });

    it('cancels an unfinished job, and its worker loses the lease', async () => {
      const { id } = await submit();
      const claimed = await claim();
      expect(await jobs.cancel('other', id)).toBeUndefined();
      expect(await jobs.cancel('k', id)).toMatchObject({ state: 'canceled' });
      expect(await open.leases.heartbeat([{ lease: claimed.lease, progress: null }])).toEqual([]);
      expect(await jobs.cancel('k', id)).toBeUndefined();
    });

    it('creates one job per idempotency key, also for concurrent requests', async () => {
      const asked = { key: 'k', priority: 0, options: {}, object: 'audio/x', idempotencyKey: 'once', digest: 'd' };
      const all = await Promise.all(
        Array.from({ length: 8 }, () => jobs.submit({ ...asked, id: crypto.randomUUID() })),
      );
      expect(new Set(all.map(({ job }) => job.id)).size).toBe(1);
      expect(all.filter(({ repeated }) => !repeated).length).toBe(1);
      await expect(jobs.submit({ ...asked, id: crypto.randomUUID(), digest: 'other' })).rejects.toMatchObject({
        code: 'invalid-option',
      });
      expect((await jobs.submit({ ...asked, id: crypto.randomUUID(), key: 'k2' })).repeated).toBe(false);
    });

    it('lists pages, newest first, filtered by key and state', async () => {
      const made = [];
      for (let i = 0; i < 5; i++) made.push((await submit()).id);
      await submit({ key: 'other' });
      await claim();
      const first = await jobs.list('k', { limit: 2 });
      const second = await jobs.list('k', { limit: 9, before: first.at(-1)?.seq });
      expect([...first, ...second].map(({ id }) => id)).toEqual(made.toReversed());
      expect((await jobs.list('k', { limit: 9, state: 'queued' })).length + 1).toBeGreaterThanOrEqual(5);
    });

    it('removes expired jobs: audio first, then the job with all its rows', async () => {
      const { id } = await submit({ object: 'audio/gone', webhook: 'https://example.com/' });
      await open.leases.succeed(await claim(), RESULT, 30, false);
      expect(await open.leases.expire(0, 9)).toBe(0);
      expect(await jobs.remove('k', id)).toBe(false);
      expect(await open.leases.freed(0, 9)).toEqual(['audio/gone']);
      expect(await open.leases.freed(3600, 9)).toEqual([]);
      expect(await open.leases.orphans(['audio/gone', 'audio/other'])).toEqual(['audio/other']);
      await open.leases.forget(['audio/gone']);
      expect(await open.leases.expire(3600, 9)).toBe(0);
      expect(await open.leases.expire(0, 9)).toBe(1);
      for (const table of ['job', 'result', 'speaker', 'turn', 'delivery'])
        expect(await open.db.query(`select count(*)::int as n from voiceflow.${table}`), table).toEqual([{ n: 0 }]);
    });

    it('notifies of changes', async () => {
      const told: string[] = [];
      open.db.listen('voiceflow_ready', () => told.push('ready'));
      open.db.listen('voiceflow_changed', (id) => told.push(id));
      let id = '';
      // Listening begins when the server has heard of it: what was told before is not heard.
      const both = () => told.includes('ready') && told.includes(id);
      for (let i = 0; i < 100 && !both(); i++) {
        id = (await submit()).id;
        await jobs.cancel('k', id);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(told).toContain('ready');
      expect(told).toContain(id);
    });

    it('migrates the schema only once', async () => {
      expect(await open.db.query('select version from voiceflow.migration')).toEqual([
        { version: 1 },
        { version: 2 },
        { version: 3 },
      ]);
    });

    it('finds the jobs whose audio is kept without reading all jobs', async () => {
      await open.db.query(
        `insert into voiceflow.job (id, key, state, ended_at, object)
        select gen_random_uuid(), 'k', 'succeeded', now(), case when n <= 20 then 'audio/' || n end
        from generate_series(1, 20000) n`,
      );
      await open.db.query('vacuum (analyze)');
      const plans: string[] = [];
      const explain = async <Row>(sql: string, params?: readonly unknown[]): Promise<Row[]> => {
        plans.push(JSON.stringify(await open.db.query(`explain ${sql}`, params)));
        return [];
      };
      const leases = new Leases({ ...open.db, query: explain }, testOptions(place.where));
      await leases.freed(0, 500);
      await leases.forget(['audio/1', 'audio/2']);
      await leases.orphans(['audio/1', 'audio/x']);
      expect(plans).toHaveLength(3);
      for (const plan of plans) expect(plan).not.toMatch(/Seq Scan on job/);
    });

    it('is unavailable after close', async () => {
      const { where } = place;
      const again = open.db.kind === 'server' ? await openJobs(testOptions(where)) : undefined;
      await again?.db.close();
      if (again !== undefined)
        await expect(again.db.query('select 1')).rejects.toMatchObject({ code: 'backend-unavailable' });
      else await expect(openJobs(testOptions(where))).rejects.toMatchObject({ code: 'invalid-option' });
    });
  });
}
