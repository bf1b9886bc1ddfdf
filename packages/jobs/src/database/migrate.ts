import { MIGRATIONS } from './migrations.ts';

type Run = (sql: string, params: readonly unknown[]) => Promise<Record<string, unknown>[]>;

/** An arbitrary number for the advisory lock: processes that start together migrate one after the other. */
const LOCK = 7_240_118;

/**
 * Brings the schema `voiceflow` up to date, in one transaction. `run` must always use the same connection.
 * @throws what the database throws; the schema is then unchanged.
 */
export async function migrate(run: Run): Promise<void> {
  await run('begin', []);
  try {
    await run(`select pg_advisory_xact_lock(${LOCK})`, []);
    await run('create schema if not exists voiceflow', []);
    await run(
      'create table if not exists voiceflow.migration (version integer primary key, at timestamptz not null default now())',
      [],
    );
    const [row] = await run('select coalesce(max(version), 0) as version from voiceflow.migration', []);
    const version = Number(row?.version ?? 0);
    if (version > MIGRATIONS.length) {
      throw new Error(`its schema has version ${version}, this program supports up to ${MIGRATIONS.length}`);
    }
    for (const [at, statements] of MIGRATIONS.entries()) {
      if (at < version) continue;
      for (const statement of statements) await run(statement, []);
      await run('insert into voiceflow.migration (version) values ($1)', [at + 1]);
    }
    await run('commit', []);
  } catch (error) {
    await run('rollback', []).catch(() => {});
    throw error;
  }
}
