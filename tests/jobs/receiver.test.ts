import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../bench/src/managed-process.ts';
import { killed, type RunningServer, sleep, startServer } from './chaos.ts';
import { dataFolder, PATIENCE } from './databases.ts';

/** The receiver of webhooks that the README shows, as it stands there, called by a real server. */

const README = readFileSync(new URL('../../packages/jobs/README.md', import.meta.url), 'utf8');
const PROGRAM = /```js\n(import \{ createServer \}[\s\S]*?)```/.exec(README)?.[1] ?? '';

let data: string;
let folder: string;
let server: RunningServer;
let receiver: ChildProcess;
let hook: string;
let said = '';

beforeAll(async () => {
  // Below the repository, so that its packages are found.
  folder = mkdtempSync(fileURLToPath(new URL('receiver-', import.meta.url)));
  writeFileSync(join(folder, 'receiver.mjs'), PROGRAM);
  data = await dataFolder();
  server = await startServer(data);
  const port = await freePort();
  hook = `http://127.0.0.1:${port}/`;
  const secret = readFileSync(join(data, 'webhook-secret'), 'utf8').trim();
  receiver = spawn(process.execPath, [join(folder, 'receiver.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PORT: String(port), VOICEFLOW_WEBHOOK_SECRET: secret },
  });
  receiver.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  while ((await fetch(hook).catch(() => undefined)) === undefined) await sleep(50);
}, PATIENCE);
afterAll(async () => {
  if (receiver !== undefined) await killed(receiver);
  if (server !== undefined) await killed(server.child, 'SIGTERM');
  for (const path of [data, folder]) rmSync(path, { recursive: true, force: true });
});

describe('the webhook receiver of the README', () => {
  it('accepts the server’s call', async () => {
    const asked = await fetch(`${server.url}/v1/jobs?webhook=${hook}`, { method: 'POST', body: '{}' });
    const { id } = (await asked.json()) as { id: string };
    for (let i = 0; i < 600 && !said.includes(id); i++) await sleep(50);
    expect(said).toBe(`job.succeeded ${id}\n`);
  });

  it('rejects a forged call', async () => {
    const headers = { 'webhook-id': 'x', 'webhook-timestamp': String(Math.floor(Date.now() / 1000)) };
    const forged = { ...headers, 'webhook-signature': `v1,${btoa('0'.repeat(32))}` };
    expect((await fetch(hook, { method: 'POST', body: '{}', headers: forged })).status).toBe(401);
    expect((await fetch(hook, { method: 'POST', body: '{}' })).status).toBe(401);
    expect(said).not.toContain('undefined');
  });
});
