import { Leases } from '@voiceflow-ml/jobs';
import { expect, it } from 'vitest';
import { Deliveries } from '../../packages/jobs/src/webhooks/deliveries.ts';
import { onBothDatabases, RESULT } from './both-databases.ts';
import { testOptions } from './databases.ts';

/** The queue for workers: which job is next, what becomes of a try, what expires. */

onBothDatabases((queue) => {
  it('lets only the holder of the current lease end a job', async () => {
    const { open, submit, claim } = queue();
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
    const { open, submit } = queue();
    for (let i = 0; i < 30; i++) await submit({ key: `k${i % 3}` });
    const claims = await Promise.all(Array.from({ length: 40 }, () => open.leases.claim('w')));
    const more = await Promise.all(Array.from({ length: 40 }, () => open.leases.claim('w')));
    const ids = [...claims, ...more].flatMap((each) => each?.id ?? []);
    expect(ids.length).toBe(30);
    expect(new Set(ids).size).toBe(30);
  });

  it('retries a job up to three tries, then stores its problem; a permanent failure ends it at once', async () => {
    const { open, jobs, submit, claim } = queue();
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
    const { open, jobs, submit, claim } = queue();
    const slow = new Leases(open.db, { ...open.options, retrySeconds: 60 });
    await submit();
    await slow.fail(await claim(), { code: 'x', detail: '' }, 'retry');
    expect(await open.leases.claim('w')).toBeUndefined();
    expect((await jobs.depth()).retrying).toBe(1);
  });

  it('does not make jobs and webhooks wait when the clock is set back', async () => {
    const { open, jobs, submit, claim } = queue();
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
    const { open, jobs, submit, claim } = queue();
    const { id } = await submit();
    await claim();
    expect(await open.leases.reap()).toBe(0);
    await open.db.query(`update voiceflow.job set lease_until = lease_until + interval '1 day'`);
    expect(await open.leases.reap()).toBe(1);
    expect(await jobs.get('k', id)).toMatchObject({ state: 'queued' });
  });

  it('fails a job after ten lost workers', async () => {
    const { open, jobs, submit, claim } = queue();
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
    const { submit, claim } = queue();
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
    const { open, jobs, submit, claim } = queue();
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
    const { open, submit, claim } = queue();
    await submit();
    const first = await claim();
    await open.leases.release([first.lease]);
    expect(await claim()).toMatchObject({ id: first.id, failures: 0 });
  });

  it('requeues all running jobs when the only process of the database starts, without counting losses', async () => {
    const { open, jobs, submit, claim } = queue();
    const { id } = await submit();
    await claim();
    expect(await open.leases.reap(true)).toBe(1);
    expect(await jobs.get('k', id)).toMatchObject({ state: 'queued', losses: 0 });
  });

  it('removes expired jobs: audio first, then the job with all its rows', async () => {
    const { open, jobs, submit, claim } = queue();
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

  it('finds the jobs whose audio is kept without reading all jobs', async () => {
    const { open, where } = queue();
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
    const leases = new Leases({ ...open.db, query: explain }, testOptions(where));
    await leases.freed(0, 500);
    await leases.forget(['audio/1', 'audio/2']);
    await leases.orphans(['audio/1', 'audio/x']);
    expect(plans).toHaveLength(3);
    for (const plan of plans) expect(plan).not.toMatch(/Seq Scan on job/);
  });
});
