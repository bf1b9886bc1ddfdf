import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { voiceflow } from '../cli/command.ts';
import { killed, type RunningServer, startServer } from './chaos.ts';
import { dataFolder, PATIENCE, temporaryFolder } from './databases.ts';

/** The commands `jobs` and `batch` against a real server with toy workers. */

let data: string;
let folder: string;
let server: RunningServer;
beforeAll(async () => {
  data = await dataFolder();
  folder = temporaryFolder();
  server = await startServer(data);
  for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, `${name}.wav`), JSON.stringify({ ms: '50' }));
}, PATIENCE);
afterAll(async () => {
  await killed(server.child, 'SIGTERM');
  for (const path of [data, folder]) rmSync(path, { recursive: true, force: true });
});

const run = (...args: string[]) => voiceflow(args, { env: { VOICEFLOW_SERVER: server.url } });

describe('voiceflow jobs', () => {
  it('submits, waits, shows and removes', async () => {
    const submitted = await run('jobs', 'submit', join(folder, 'a.wav'), '--exclusive');
    expect(submitted).toMatchObject({ code: 0, stderr: '' });
    const id = submitted.stdout.trim();
    const waited = await run('jobs', 'wait', id, '--format', 'rttm');
    expect(waited).toMatchObject({ code: 0, stdout: expect.stringMatching(/^SPEAKER a 1 0\.000 1\.000/) });
    const shown = JSON.parse((await run('jobs', 'status', id)).stdout);
    expect(shown).toMatchObject({
      id,
      state: 'succeeded',
      metadata: { file: 'a.wav' },
      options: { exclusive: 'true' },
    });
    expect((await run('jobs', 'cancel', id)).code).toBe(0);
    expect((await run('jobs', 'status', id)).code).toBe(1);
  });

  it('names the recording in RTTM, also with spaces in its name', async () => {
    const path = join(folder, 'two words.wav');
    writeFileSync(path, '{}');
    const { stdout } = await run('jobs', 'submit', path);
    expect((await run('jobs', 'wait', stdout.trim(), '--format', 'rttm')).stdout).toMatch(/^SPEAKER two%20words 1 /);
    rmSync(path);
  });

  it('reports an unknown job', async () => {
    const { code, stderr } = await run('jobs', 'wait', '0192d0a0-0000-7000-8000-000000000000');
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('reports a missing file by name', async () => {
    const { code, stderr } = await run('jobs', 'submit', join(folder, 'absent.wav'));
    expect(code).toBe(1);
    expect(stderr).toContain('absent.wav');
    expect(stderr).not.toContain('internal');
  });

  it('exits with code 2 for invalid arguments', async () => {
    for (const args of [[], ['start'], ['submit'], ['wait'], ['cancel', 'a', 'b'], ['status', '--server', 'x']])
      expect((await run('jobs', ...args)).code, args.join(' ')).toBe(2);
  });
});

describe('voiceflow batch', () => {
  it('writes a result for each recording, and resumes', async () => {
    const out = join(folder, 'results');
    const first = await run('batch', folder, '--out', out, '--format', 'rttm');
    expect(first).toMatchObject({ code: 0, stdout: '', stderr: '' });
    for (const name of ['a', 'b', 'c'])
      expect(readFileSync(join(out, `${name}.rttm`), 'utf8')).toMatch(new RegExp(`^SPEAKER ${name} 1 `));
    rmSync(join(out, 'b.rttm'));
    const count = async () => (await run('jobs', 'status')).stdout.trim().split('\n').length;
    const before = await count();
    expect((await run('batch', folder, '--out', out, '--format', 'rttm')).code).toBe(0);
    expect(readFileSync(join(out, 'b.rttm'), 'utf8')).toMatch(/^SPEAKER/);
    expect(await count()).toBe(before);
  });

  it('submits a recording again whose job was canceled', async () => {
    const [input, out] = [join(folder, 'canceled'), join(folder, 'canceled-results')];
    mkdirSync(input);
    // The same recording to the command: path, size and time are equal.
    const write = (ms: string) => {
      writeFileSync(join(input, 'x.wav'), JSON.stringify({ ms }));
      utimesSync(join(input, 'x.wav'), 1e9, 1e9);
    };
    write('9999999');
    const first = run('batch', input, '--out', out);
    for (let running: string[] = []; running.length === 0; ) {
      const { jobs } = (await (await fetch(`${server.url}/v1/jobs?state=running`)).json()) as {
        jobs: { id: string }[];
      };
      running = jobs.map(({ id }) => id);
      for (const id of running) await fetch(`${server.url}/v1/jobs/${id}`, { method: 'DELETE' });
    }
    expect(await first).toMatchObject({ code: 1, stderr: expect.stringContaining('canceled') });
    write('0000001');
    expect(await run('batch', input, '--out', out)).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(readFileSync(join(out, 'x.json'), 'utf8'))).toMatchObject({ duration: 1 });
  });

  it('outlasts a connection that is lost', async () => {
    let lost = 0;
    const proxy = createServer(async (request, response) => {
      if (request.method === 'POST' && lost++ === 0) return void request.socket.destroy();
      const { method, headers, url } = request;
      const body = method === 'POST' ? Buffer.concat(await request.toArray()) : undefined;
      const key = headers['idempotency-key'];
      const sent = await fetch(`${server.url}${url}`, {
        method,
        body,
        headers: key ? { 'idempotency-key': `${key}` } : {},
      });
      response.writeHead(sent.status).end(await sent.text());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const out = join(folder, 'lost');
    expect(await run('batch', join(folder, 'a.wav'), '--out', out, '--server', url)).toMatchObject({ code: 0 });
    expect(existsSync(join(out, 'a.json'))).toBe(true);
    expect(lost).toBe(2);
    proxy.close();
  });
});
