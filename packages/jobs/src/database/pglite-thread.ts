/** @module The thread of the embedded database, so that its statements do not block the server's event loop. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { CHANNELS } from './database.ts';
import { migrate } from './migrate.ts';
import type { FromThread, ToThread } from './pglite-messages.ts';
import { PreparedStatements } from './prepared.ts';

const { folder } = workerData as { folder: string };
const send = (message: FromThread) => parentPort?.postMessage(message);

try {
  const db = await open(join(folder, 'postgres'));
  await migrate(async (sql, params) => (await db.query<Record<string, unknown>>(sql, [...params])).rows);
  for (const channel of CHANNELS) await db.listen(channel, (payload) => send({ type: 'notify', channel, payload }));
  const statements = new PreparedStatements(db);
  // Statements run one after the other, as `PreparedStatements` requires.
  let turn = Promise.resolve();
  parentPort?.on('message', (message: ToThread) => {
    turn = turn.then(() => serve(db, statements, message));
  });
  send({ type: 'open' });
} catch (error) {
  fail(error);
}

/**
 * A new database is created in another folder and renamed when complete, because an incomplete one could never be
 * opened. PGlite never waits for the disk, so committed data survives a crash of this process, but perhaps not a crash
 * of the machine.
 */
async function open(place: string): Promise<PGlite> {
  if (!existsSync(place)) {
    const making = `${place}.new`;
    rmSync(making, { recursive: true, force: true });
    await (await PGlite.create(making)).close();
    renameSync(making, place);
  }
  return PGlite.create(place);
}

async function serve(db: PGlite, statements: PreparedStatements, message: ToThread): Promise<void> {
  if (message.type === 'close') {
    await db.close().catch(() => {});
    send({ type: 'closed' });
    parentPort?.close();
    return;
  }
  const { id, sql, params } = message;
  try {
    send({ type: 'rows', id, rows: await statements.query(sql, params) });
  } catch (error) {
    const { message: text, code } = error as { message?: string; code?: string };
    send({ type: 'error', id, message: text ?? String(error), code });
    // An error without SQLSTATE means that PGlite itself failed (a full disk aborts it): restart.
    if (code === undefined) fail(error);
  }
}

function fail(error: unknown): void {
  send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  setTimeout(() => process.exit(1), 50);
}
