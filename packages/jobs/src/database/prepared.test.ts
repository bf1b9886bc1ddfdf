import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PreparedStatements } from './prepared.ts';

describe('PreparedStatements', () => {
  let db: PGlite;
  let now = 0;
  let statements: PreparedStatements;

  beforeAll(async () => {
    db = await PGlite.create();
    await db.exec('create table number (n int primary key, name text)');
    statements = new PreparedStatements(db, () => now);
  });
  afterAll(() => db.close());

  const prepared = async () =>
    (await db.query<{ n: number }>('select count(*)::int as n from pg_prepared_statements')).rows[0]?.n;

  it('returns the same rows as an unprepared query, for every type that jobs use', async () => {
    const sql = `select $1::text as text, $2::uuid as uuid, $3::jsonb as json, $4::bigint as big, $5::float8 as float,
      $6::text[] as texts, $7::boolean as flag, $8::real[] as reals, $9::timestamptz as at, $10::smallint as small`;
    const uuid = '01890000-0000-7000-8000-000000000001';
    const at = '2026-01-02T03:04:05.678Z';
    const given = ['é\\ "', uuid, '{"a":[1,null]}', 2 ** 40, 0.1, ['a', 'b,"c'], true, [0.5, -1], at, 7];
    const { rows } = await db.query(sql, given);
    for (let use = 0; use < 7; use++) expect(await statements.query(sql, given)).toEqual(rows);
    const nothing = given.map(() => null);
    expect(await statements.query(sql, nothing)).toEqual((await db.query(sql, nothing)).rows);
  });

  it('returns no rows for an empty result, and the rows of returning', async () => {
    expect(await statements.query('select n from number where n = $1', [1])).toEqual([]);
    expect(await statements.query('insert into number values ($1, $2)', [1, 'one'])).toEqual([]);
    expect(await statements.query('delete from number where n = $1 returning name', [1])).toEqual([{ name: 'one' }]);
  });

  it('continues after errors of the statement or its values, and reports PostgreSQL’s code', async () => {
    await expect(statements.query('select nonsense', [])).rejects.toMatchObject({ code: '42703' });
    await expect(statements.query('select $1::uuid as id', ['x'])).rejects.toMatchObject({ code: '22P02' });
    await statements.query('insert into number values ($1, $2)', [2, null]);
    await expect(statements.query('insert into number values ($1, $2)', [2, null])).rejects.toMatchObject({
      code: '23505',
    });
    expect(await statements.query('select n, name from number where n = $1', [2])).toEqual([{ n: 2, name: null }]);
  });

  it('prepares an old statement again, since tables have grown', async () => {
    const when = async (sql: string) =>
      (await db.query<{ t: Date }>('select prepare_time as t from pg_prepared_statements where statement = $1', [sql]))
        .rows[0]?.t;
    await statements.query('select 1 as one', []);
    const first = await when('select 1 as one');
    // The times have whole milliseconds, and a fast machine prepares twice within one.
    await new Promise((resolve) => setTimeout(resolve, 20));
    now += 9_000;
    await statements.query('select 1 as one', []);
    expect(await when('select 1 as one')).toEqual(first);
    now += 1_000;
    await statements.query('select 1 as one', []);
    expect(await when('select 1 as one')).not.toEqual(first);
  });

  it('keeps at most 200 statements', async () => {
    for (let i = 0; i < 450; i++) expect(await statements.query(`select ${i} as i`, [])).toEqual([{ i }]);
    expect(await prepared()).toBeLessThanOrEqual(201);
  });
});
