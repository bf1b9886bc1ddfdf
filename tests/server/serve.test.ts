import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { promisify } from 'node:util';
import type { LogEntry } from '@voiceflow-ml/server';
import { type RunningServer, serveNode } from '@voiceflow-ml/server/node';
import { describe, expect, it } from 'vitest';
import { until } from '../security/sockets.ts';
import { FAULTY_WORKER, NODE_ENTRY, spawnServer, windowBytes } from './harness.ts';
import { closedAfterTest, post, toyServer } from './toy-server.ts';

const run = promisify(execFile);

describe('keys, quotas and other origins', () => {
  const keys = [{ name: 'alice', key: 'alice-0123456789abcdef' }];
  const bearer = { authorization: 'Bearer alice-0123456789abcdef' };

  it('are required if configured, except by health checks', async () => {
    const log: LogEntry[] = [];
    const server = await toyServer({ keys, log: (entry) => log.push(entry) });
    for (const path of ['/v1/infer', '/v1/diarize', '/v2/models/toy/infer']) {
      const refused = await post(server, path, 'x');
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toContain('Bearer');
      expect(await refused.json()).toMatchObject({ code: 'unauthorized' });
      expect((await post(server, path, 'x', { authorization: 'Bearer wrong' })).status).toBe(401);
    }
    expect((await fetch(`${server.url}/metrics`)).status).toBe(401);
    expect((await post(server, '/v1/infer', 'x', bearer)).status).toBe(200);
    const open = ['/healthz', '/readyz', '/v2/health/live', '/v2/health/ready', '/', '/docs', '/openapi.json'];
    for (const path of open) expect((await fetch(`${server.url}${path}`)).status, path).toBe(200);
    const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const closed = Object.entries(paths).filter(([path]) => !open.includes(path));
    expect(closed.length).toBeGreaterThan(8);
    for (const [path, methods] of closed) {
      for (const method of Object.keys(methods)) {
        const asked = await fetch(`${server.url}${path.replaceAll(/\{\w+\}/g, 'toy')}`, {
          method: method.toUpperCase(),
        });
        expect(asked.status, `${method} ${path}`).toBe(401);
      }
    }
    expect(log.filter((entry) => entry.client === 'alice')).toHaveLength(1);
    expect(JSON.stringify(log)).not.toContain('0123456789abcdef');
    expect(JSON.stringify(log)).not.toContain('wrong');
  });

  it('are required beyond loopback, unless --open is set', async () => {
    await expect(toyServer({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'invalid-option' });
    expect((await toyServer({ host: '0.0.0.0', open: true })).url).toMatch(/^http:\/\/0\.0\.0\.0:/);
    expect((await toyServer({ host: '0.0.0.0', keys })).url).toMatch(/^http/);
  });

  it.each([
    [['--workers', '0'], 'voiceflow: --workers is "0", expected a whole number from 1 to 256\n'],
    [
      ['--host', '0.0.0.0'],
      /^voiceflow: listening on 0\.0\.0\.0 without API keys .* \(Set VOICEFLOW_API_KEYS, .*\)\n$/,
    ],
  ])('%j is reported in one line, with a hint if there is one', async (args, line) => {
    const failed = await run(process.execPath, [NODE_ENTRY, ...args]).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(line) });
  });

  it('count requests per client', async () => {
    const server = await toyServer({ keys, quotaPerMinute: 2 });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await post(server, '/v1/infer', 'x', bearer)).status);
    expect(statuses).toEqual([200, 200, 429]);
    const refused = await post(server, '/v1/infer', 'x', bearer);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: 'quota-exceeded' });
  });

  it('allow no other origin by default, and the configured ones', async () => {
    const preflight = (server: RunningServer) =>
      fetch(`${server.url}/v1/infer`, {
        method: 'OPTIONS',
        headers: { origin: 'https://a.example', 'access-control-request-method': 'POST' },
      });
    const closed = await preflight(await toyServer());
    expect(closed.headers.get('access-control-allow-origin')).toBeNull();
    const open = await preflight(await toyServer({ corsOrigins: ['https://a.example'], keys }));
    expect(open.headers.get('access-control-allow-origin')).toBe('https://a.example');
    const answered = await fetch(`${(await toyServer({ corsOrigins: ['https://a.example'] })).url}/v1/infer`, {
      method: 'POST',
      headers: { origin: 'https://a.example' },
      body: 'x',
    });
    expect([answered.status, answered.headers.get('access-control-allow-origin')]).toEqual([200, 'https://a.example']);
    const other = await preflight(await toyServer({ corsOrigins: ['https://b.example'] }));
    expect(other.headers.get('access-control-allow-origin')).not.toBe('https://a.example');
  });
});

it('metrics follow Prometheus naming: only counters end in _total', async () => {
  const text = await (await fetch(`${(await toyServer()).url}/metrics`)).text();
  const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type = '']) => [name, type] as const);
  expect(types.length).toBeGreaterThan(10);
  for (const [name, type] of types) expect(name.endsWith('_total'), `${name} ${type}`).toBe(type === 'counter');
});

describe('the deadline of a recording', () => {
  it('applies to the start and to each step, or to the whole response if the client sets one', async () => {
    const server = await toyServer({ limits: { deadlineMs: 4000 } });
    const steady = await post(server, '/v1/diarize?ms=800&steps=6', 'x');
    expect(steady.status).toBe(200);
    const stuck = await post(server, '/v1/diarize?ms=60000', 'x');
    expect([stuck.status, (await stuck.json()).detail]).toEqual([504, expect.stringContaining('start and each step')]);
    // Of another server: this one's worker is being replaced, and what comes may be refused for that.
    const fresh = await toyServer();
    const asked = await post(fresh, '/v1/diarize?ms=400&steps=6', 'x', { 'x-deadline-ms': '1500' });
    expect([asked.status, (await asked.json()).code]).toEqual([504, 'deadline-exceeded']);
  });
});

describe.skipIf(process.platform !== 'linux')(
  'the server process (Linux only, where priorities are per thread)',
  () => {
    it('has a lower priority than its workers', async () => {
      const server = await spawnServer([process.execPath, NODE_ENTRY], { VOICEFLOW_WORKERS: '2' });
      try {
        const workers = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim().split(' ');
        expect(workers).toHaveLength(2);
        for (const worker of workers) expect(getPriority(Number(worker))).toBe(getPriority());
        expect(getPriority(server.pid)).toBe(Math.min(getPriority() + 5, 19));
      } finally {
        await server.close();
      }
    });
  },
);

describe('workers that throw, exceed the deadline, or crash', () => {
  it('leave every request answered: with its result, or with a typed error', async () => {
    const env = { VOICEFLOW_FAULTS: JSON.stringify({ faults: ['throw', 'hang', 'exit'], everyMs: 300 }) };
    const command = { command: process.execPath, args: [FAULTY_WORKER], env };
    const limits = { inferDeadlineMs: 1000 };
    const server = closedAfterTest(await serveNode({ port: 0, workers: 2, command, log: () => {}, limits }));
    const end = performance.now() + 5_000;
    const outcomes: string[] = [];
    const client = async () => {
      while (performance.now() < end || server.pool.restarts === 0 || !outcomes.includes('ok-2')) {
        const response = await post(server, '/v1/infer', windowBytes(), { 'content-type': 'application/octet-stream' });
        const body = await response.json();
        outcomes.push(response.status === 200 ? `ok-${body.embeddings.length}` : body.code);
      }
    };
    await Promise.all([client(), client(), client(), client()]);
    const kinds = new Set(outcomes);
    for (const kind of kinds) expect(['ok-2', 'deadline-exceeded', 'backend-failed', 'overloaded']).toContain(kind);
    expect(kinds.has('ok-2')).toBe(true);
    await until(() => server.app.active === 0);
  });
});
