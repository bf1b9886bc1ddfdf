import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, vi } from 'vitest';
import type { Database } from '../database/database.ts';
import { NO_METRICS } from '../worker/metrics.ts';
import { Caller } from './caller.ts';

it('delivers for one key while the receivers of another do not respond', async () => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url ?? '');
    if (request.url === '/b') response.end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const due = [...Array.from({ length: 100 }, () => 'a'), 'b'].map((key, id) => ({
    ...{ id: `${id}`, key, url: `${base}/${key}`, tries: 0, job: 'j', state: 'succeeded' },
    ...{ metadata: null, problem: null, audioSeconds: 1, endedAt: '' },
  }));
  const delivered: unknown[] = [];
  const db = {
    listen() {},
    query: async (sql: string, [first, , without]: [unknown, unknown, string[] | undefined]) => {
      if (sql.includes('set delivered_at')) delivered.push(first);
      if (!sql.includes('with due')) return [];
      const taken = due.filter(({ key }) => !without?.includes(key)).slice(0, Number(first));
      for (const each of taken) due.splice(due.indexOf(each), 1);
      return taken;
    },
    // A stand-in with what is called of it.
  } as unknown as Database;
  const parts = { db, secret: new Uint8Array(32), allowPrivate: true, metrics: NO_METRICS, log: () => {} };
  const caller = new Caller(parts);
  caller.start();
  try {
    await vi.waitFor(() => expect(delivered).toEqual(['100']), { timeout: 240_000 });
    expect(seen.filter((path) => path === '/a').length).toBeLessThan(16);
  } finally {
    await caller.stop();
    server.closeAllConnections();
    server.close();
  }
});
