import { readFileSync } from 'node:fs';
import { type JobResult, openJobs } from '@voiceflow-ml/jobs';
import { expect, it } from 'vitest';
import { onBothDatabases, RESULT } from './both-databases.ts';
import { testOptions } from './databases.ts';

/** The jobs in the queue, for clients. */

const README = readFileSync(new URL('../../packages/jobs/README.md', import.meta.url), 'utf8');
const README_SQL = /```sql\n([\s\S]*?)```/.exec(README)?.[1] ?? '';

onBothDatabases((queue) => {
  it('runs a job through all states, and stores its result as JSON and as rows', async () => {
    const { open, jobs, submit, claim } = queue();
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
    const { open, submit, claim } = queue();
    await submit();
    await open.leases.succeed(await claim(), RESULT, 30, true);
    const [row] = await open.db.query<{ embedding: number[] }>(
      "select embedding from voiceflow.speaker where label = 'B'",
    );
    expect(row?.embedding).toEqual([1, 0]);
  });

  it('cancels an unfinished job, and its worker loses the lease', async () => {
    const { open, jobs, submit, claim } = queue();
    const { id } = await submit();
    const claimed = await claim();
    expect(await jobs.cancel('other', id)).toBeUndefined();
    expect(await jobs.cancel('k', id)).toMatchObject({ state: 'canceled' });
    expect(await open.leases.heartbeat([{ lease: claimed.lease, progress: null }])).toEqual([]);
    expect(await jobs.cancel('k', id)).toBeUndefined();
  });

  it('creates one job per idempotency key, also for concurrent requests', async () => {
    const { jobs } = queue();
    const asked = { key: 'k', priority: 0, options: {}, object: 'audio/x', idempotencyKey: 'once', digest: 'd' };
    const all = await Promise.all(Array.from({ length: 8 }, () => jobs.submit({ ...asked, id: crypto.randomUUID() })));
    expect(new Set(all.map(({ job }) => job.id)).size).toBe(1);
    expect(all.filter(({ repeated }) => !repeated).length).toBe(1);
    await expect(jobs.submit({ ...asked, id: crypto.randomUUID(), digest: 'other' })).rejects.toMatchObject({
      code: 'invalid-option',
    });
    expect((await jobs.submit({ ...asked, id: crypto.randomUUID(), key: 'k2' })).repeated).toBe(false);
  });

  it('lists pages, newest first, filtered by key and state', async () => {
    const { jobs, submit, claim } = queue();
    const made = [];
    for (let i = 0; i < 5; i++) made.push((await submit()).id);
    await submit({ key: 'other' });
    await claim();
    const first = await jobs.list('k', { limit: 2 });
    const second = await jobs.list('k', { limit: 9, before: first.at(-1)?.seq });
    expect([...first, ...second].map(({ id }) => id)).toEqual(made.toReversed());
    expect((await jobs.list('k', { limit: 9, state: 'queued' })).length + 1).toBeGreaterThanOrEqual(5);
  });

  it('notifies of changes', async () => {
    const { open, jobs, submit } = queue();
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
    const { open } = queue();
    expect(await open.db.query('select version from voiceflow.migration')).toEqual([
      { version: 1 },
      { version: 2 },
      { version: 3 },
    ]);
  });

  it('is unavailable after close', async () => {
    const { open, where } = queue();
    const again = open.db.kind === 'server' ? await openJobs(testOptions(where)) : undefined;
    await again?.db.close();
    if (again !== undefined)
      await expect(again.db.query('select 1')).rejects.toMatchObject({ code: 'backend-unavailable' });
    else await expect(openJobs(testOptions(where))).rejects.toMatchObject({ code: 'invalid-option' });
  });
});
