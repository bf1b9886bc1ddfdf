import { readFileSync, rmSync, writeFileSync } from 'node:fs';
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
    expect(waited).toMatchObject({ code: 0, stdout: expect.stringMatching(/^SPEAKER audio 1 0\.000 1\.000/) });
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
    for (const name of ['a', 'b', 'c']) expect(readFileSync(join(out, `${name}.rttm`), 'utf8')).toMatch(/^SPEAKER/);
    rmSync(join(out, 'b.rttm'));
    const count = async () => (await run('jobs', 'status')).stdout.trim().split('\n').length;
    const before = await count();
    expect((await run('batch', folder, '--out', out, '--format', 'rttm')).code).toBe(0);
    expect(readFileSync(join(out, 'b.rttm'), 'utf8')).toMatch(/^SPEAKER/);
    expect(await count()).toBe(before);
  });
});
