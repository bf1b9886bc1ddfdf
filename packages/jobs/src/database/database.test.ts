import { expect, it } from 'vitest';
import { databaseError } from './database.ts';

it('does not tell clients the address of a database that cannot be reached', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.3.7:5432'), { code: 'ECONNREFUSED' });
  expect(databaseError(refused)).toMatchObject({
    code: 'backend-unavailable',
    message: 'the database of jobs is unavailable: ECONNREFUSED',
    cause: refused,
  });
});

it.each(['EPIPE', 'EBUSY', 'EPERM', 'EROFS'])('takes %s for an error of the system, not for a SQLSTATE', (code) => {
  const error = Object.assign(new Error(`${code}: write`), { code });
  expect(databaseError(error)).toMatchObject({ code: 'backend-unavailable', cause: error });
});
