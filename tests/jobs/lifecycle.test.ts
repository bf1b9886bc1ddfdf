import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Jobs, openJobs } from '@voiceflow-ml/jobs';
import { serveNode } from '@voiceflow-ml/server/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOY } from '../server/harness.ts';
import { jobsApp, orders } from './app.ts';
import { dataFolder, PATIENCE, testOptions } from './databases.ts';

/** The database of a server that starts and ends. */

const JSON_TYPE = { 'content-type': 'application/json' };

let data: string;
beforeAll(async () => {
  data = await dataFolder();
}, PATIENCE);
afterAll(() => rmSync(data, { recursive: true, force: true }));

describe('a server with jobs', () => {
  it('deletes at its start the downloads of a process that was killed', async () => {
    mkdirSync(join(data, 'spool'), { recursive: true });
    writeFileSync(join(data, 'spool', `${crypto.randomUUID()}.part`), 'audio');
    await (await openJobs(testOptions({ data }))).db.close();
    expect(readdirSync(join(data, 'spool'))).toEqual([]);
  });

  it('that cannot listen starts no job and closes the database', async () => {
    const id = crypto.randomUUID();
    const before = await openJobs(testOptions({ data }));
    await new Jobs(before.db).submit({ id, key: '', priority: 0, options: {}, url: 'http://127.0.0.1:9/a.wav' });
    await before.db.close();

    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const { port } = other.address() as AddressInfo;
    const options = { port, workers: 1, command: TOY, jobs: testOptions({ data }), log: () => {} };
    await expect(serveNode(options)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    other.close();

    const after = await openJobs(testOptions({ data }));
    const started = 'select state, failures, started_at from voiceflow.job where id = $1';
    expect(await after.db.query(started, [id])).toEqual([{ state: 'queued', failures: 0, started_at: null }]);
    await after.db.close();
  });

  it('still responds to requests about jobs after it drained', async () => {
    const app = await jobsApp(testOptions({ data }), {}, false);
    await app.drain();
    const response = await app.fetch('/v1/jobs');
    expect(response.status).toBe(200);
    expect((await response.json()).jobs).toHaveLength(1);
    await app.close();
  });

  it('keeps to its limit of queued jobs, also when all requests come at once', async () => {
    const folder = await dataFolder();
    const app = await jobsApp(testOptions({ data: folder }, { mostQueued: 2 }), {}, false);
    const submit = async () => {
      const init = { method: 'POST', body: '{"url":"http://127.0.0.1:9/a.wav"}', headers: JSON_TYPE };
      return (await app.fetch('/v1/jobs', init)).status;
    };
    const statuses = await Promise.all(Array.from({ length: 8 }, submit));
    expect(statuses.sort()).toEqual([202, 202, 503, 503, 503, 503, 503, 503]);
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('accepts jobs as soon as earlier ones no longer wait', async () => {
    const folder = await dataFolder();
    const app = await jobsApp(testOptions({ data: folder }, { mostQueued: 2 }));
    for (let i = 0; i < 6; i++) {
      const made = await app.fetch('/v1/jobs', { method: 'POST', body: orders() });
      expect(made.status).toBe(202);
      const { id } = await made.json();
      const ended = await (await app.fetch(`/v1/jobs/${id}?wait=20`)).json();
      expect(ended.state).toBe('succeeded');
    }
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });
});
