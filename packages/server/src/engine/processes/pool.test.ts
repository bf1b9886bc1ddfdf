import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { RequestQueue } from '../../admission/request-queue.ts';
import type { LiveMessage, Task } from '../engine.ts';
import { PoolEngine, type PoolOptions } from './pool-engine.ts';

const folder = mkdtempSync(join(tmpdir(), 'voiceflow-pool-'));
const script = join(folder, 'worker.mjs');
const pools: PoolEngine[] = [];

beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL('../../testing/faulty-worker.ts', import.meta.url))],
    outfile: script,
    bundle: true,
    format: 'esm',
    platform: 'node',
  });
});
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});
afterAll(async () => {
  const { rm } = await import('node:fs/promises');
  await rm(folder, { recursive: true });
});

async function start(options: Partial<PoolOptions> = {}): Promise<PoolEngine> {
  const command = { command: process.execPath, args: [script], env: { VOICEFLOW_FAULTS: '{"toy":true}' } };
  const pool = await PoolEngine.start({ workers: 2, command, graceMs: 200, ...options });
  pools.push(pool);
  return pool;
}

function task(params: Record<string, string> = {}, kind: Task['kind'] = 'infer'): Task {
  return { kind, contentType: '', output: 'json', params, maxSeconds: 1 };
}

async function ask(
  pool: PoolEngine,
  params: Record<string, string> = {},
  signal = new AbortController().signal,
  body = new Uint8Array(3),
) {
  const reply = await pool.run(task(params), [body], { signal });
  return JSON.parse(new TextDecoder().decode(reply.body));
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (error) => (VoiceFlowError.isInstance(error) ? error.code : String(error)),
  );

async function ready(pool: PoolEngine, count: number): Promise<void> {
  while (pool.pids.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('PoolEngine', () => {
  it('distributes tasks over processes, and transfers bodies and progress', async () => {
    const pool = await start();
    await ready(pool, 2);
    expect(pool.info).toMatchObject({ backend: 'toy', slots: { infer: 8, recording: 2 } });
    const body = new Uint8Array(5_000_000).map((_, i) => i * 31);
    const sum = body.reduce((total, byte) => (total + byte) % 65_521, 0);
    const chunks = [body.slice(0, 1_500_000), body.slice(1_500_000, 1_500_001), body.slice(1_500_001)];
    const progress: unknown[] = [];
    const reply = await pool.run(task({}, 'diarize'), chunks, {
      signal: new AbortController().signal,
      onProgress: (p) => progress.push(p),
    });
    expect(JSON.parse(new TextDecoder().decode(reply.body))).toMatchObject({ bytes: 5_000_000, sum, kind: 'diarize' });
    expect(progress).toEqual([{ stage: 'model', done: 1, total: 2 }]);
    const pids = new Set((await Promise.all([1, 2, 3, 4].map(() => ask(pool, { ms: '50' })))).map(({ pid }) => pid));
    expect(pids.size).toBe(2);
    expect(pids.has(process.pid)).toBe(false);
  });

  it('runs windows between the parts of a long recording', async () => {
    const pool = await start({ workers: 1 });
    const order: string[] = [];
    const chunks = Array.from({ length: 64 }, () => new Uint8Array(1024 * 1024));
    const long = pool
      .run(task({}, 'diarize'), chunks, { signal: new AbortController().signal })
      .then(() => order.push('recording'));
    const short = ask(pool).then(() => order.push('window'));
    await Promise.all([long, short]);
    expect(order).toEqual(['window', 'recording']);
  });

  it('retries a task on another worker when its worker crashes, and starts a new worker', async () => {
    const pool = await start();
    const once = join(folder, 'died');
    const [retried, beside] = await Promise.all([ask(pool, { fault: 'exit', once }), ask(pool, { ms: '100' })]);
    expect(retried.bytes).toBe(3);
    expect(beside.bytes).toBe(3);
    await ready(pool, 2);
    expect(pool.restarts).toBe(1);
  });

  it('retries a task when its worker throws, and returns a typed error when every try fails', async () => {
    const pool = await start();
    expect((await ask(pool, { fault: 'throw', once: join(folder, 'threw') })).bytes).toBe(3);
    const error = await ask(pool, { fault: 'throw' }).catch((e) => e);
    expect(error).toMatchObject({ code: 'backend-failed', message: 'the worker failed: a fault of the test' });
    expect(pool.restarts).toBe(0);
  });

  it('rejects a task that crashes several workers, and runs the others', async () => {
    const pool = await start();
    const own = new AbortController().signal;
    const crash = () => ask(pool, { fault: 'crash' }, own, new Uint8Array(4)).catch((error) => error);
    expect(await crash()).toMatchObject({ code: 'backend-failed', message: 'this input crashed 2 worker processes' });
    // Again, also by another way: nobody starts it any more.
    expect(await crash()).toMatchObject({ message: 'this input crashed 2 worker processes' });
    expect((await ask(pool, {}, own, new Uint8Array(4)).catch((error) => error)).code).toBe('backend-failed');
    expect((await ask(pool)).bytes).toBe(3);
    await ready(pool, 2);
    expect(pool.restarts).toBe(2);
  });

  it('attributes a crash to the running task, not to queued ones', async () => {
    const pool = await start({ workers: 1 });
    const blamed: string[] = [];
    const run = (name: string, params: Record<string, string>) =>
      codeOf(
        pool.run(task(params), [new Uint8Array(name.length)], {
          signal: new AbortController().signal,
          onBlame: () => blamed.push(name),
        }),
      );
    const beside = run('beside', { ms: '300' });
    const crashing = run('crashing', { fault: 'crash' });
    expect([await beside, await crashing]).toEqual(['ok', 'backend-failed']);
    expect(blamed).toEqual(['crashing', 'crashing']);
  });

  it('terminates a worker that writes invalid frames', async () => {
    const stray = "require('fs').writeSync(4, 'libfoo: warning 42\\n'); setTimeout(() => {}, 60_000);";
    const command = { command: process.execPath, args: ['-e', stray], env: {} };
    const error = await PoolEngine.start({ workers: 1, command }).catch((e) => e);
    expect(error).toMatchObject({ code: 'backend-failed', message: expect.stringMatching(/invalid frame.*libfoo/) });
  });

  it('ignores what a library prints on the standard output of a worker', async () => {
    const print = `require('fs').writeSync(1, 'libfoo: a line on standard output, from a test\\n'); import(${JSON.stringify(script)});`;
    const pool = await start({
      command: { command: process.execPath, args: ['-e', print], env: { VOICEFLOW_FAULTS: '{"toy":true}' } },
    });
    expect((await ask(pool)).bytes).toBe(3);
  });

  it('terminates a worker that exceeds the deadline, and runs its other tasks elsewhere', async () => {
    const pool = await start();
    await ready(pool, 2);
    const queue = new RequestQueue({ slots: () => pool.info?.slots.infer ?? 0, maxWaiting: 20, noun: 'test' });
    pool.onChange(() => queue.pump());
    const through = (params: Record<string, string>, deadlineMs: number) =>
      codeOf(
        queue.run({ cost: 1, deadlineMs, signal: new AbortController().signal }, (signal) => ask(pool, params, signal)),
      );
    const hung = through({ fault: 'hang' }, 500);
    const others = Array.from({ length: 12 }, () => through({ ms: '20' }, 100_000));
    expect(await hung).toBe('deadline-exceeded');
    expect(new Set(await Promise.all(others))).toEqual(new Set(['ok']));
    expect(queue.running).toBe(0);
    await ready(pool, 2);
    expect(pool.restarts).toBe(1);
  });

  it('stops a task whose caller disconnected, and keeps its worker', async () => {
    // On a busy machine, a worker may need longer than the grace time of the other tests.
    const pool = await start({ workers: 1, graceMs: 240_000 });
    const leaving = new AbortController();
    const left = codeOf(ask(pool, { ms: '10000000' }, leaving.signal));
    const [pid] = pool.pids;
    setTimeout(() => leaving.abort(), 50);
    expect(await left).toBe('backend-failed');
    expect((await ask(pool)).pid).toBe(pid);
  });

  it('stops a task whose caller had disconnected before it began', async () => {
    const pool = await start({ workers: 1, graceMs: 240_000 });
    expect(await codeOf(ask(pool, { ms: '3000' }, AbortSignal.abort()))).toBe('backend-failed');
  });

  it.skipIf(process.platform !== 'linux')(
    'starts workers without the secrets of the server (needs /proc)',
    async () => {
      const secrets = ['VOICEFLOW_API_KEYS', 'VOICEFLOW_WEBHOOK_SECRET', 'VOICEFLOW_DATABASE_URL', 'PGPASSWORD'];
      const buckets = ['VOICEFLOW_S3_SECRET_ACCESS_KEY', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];
      for (const name of [...secrets, ...buckets]) vi.stubEnv(name, 'a-secret-of-the-server');
      vi.stubEnv('VOICEFLOW_MODELS', 'no-secret');
      const pool = await start({ workers: 1 }).finally(() => vi.unstubAllEnvs());
      const environment = readFileSync(`/proc/${pool.pids[0]}/environ`, 'utf8');
      expect(environment).toContain('VOICEFLOW_MODELS=no-secret');
      expect(environment).not.toContain('a-secret-of-the-server');
    },
  );

  it('completes every task while workers are killed repeatedly', async () => {
    const pool = await start();
    await ready(pool, 2);
    const killing = setInterval(() => {
      // Always with another one beside it: a machine on which no worker ever starts in time shows nothing.
      const [pid, beside] = pool.pids;
      if (pid !== undefined && beside !== undefined) process.kill(pid, 'SIGKILL');
    }, 60);
    const codes = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        await new Promise((resolve) => setTimeout(resolve, i * 15));
        return codeOf(ask(pool, { ms: '5' }));
      }),
    );
    clearInterval(killing);
    expect(codes.every((code) => code === 'ok' || code === 'backend-failed')).toBe(true);
    expect(codes.filter((code) => code === 'ok').length).toBeGreaterThan(0);
    await vi.waitFor(() => expect(pool.restarts).toBeGreaterThan(0), { timeout: 240_000 });
    await ready(pool, 2);
    expect((await ask(pool)).bytes).toBe(3);
  });

  it('reports the reason when no worker can start', async () => {
    const command = { command: process.execPath, args: ['-e', 'process.exit(3)'], env: {} };
    await expect(start({ command })).rejects.toMatchObject({ code: 'backend-failed', message: /exit code 3/ });
    const missing = { command: join(folder, 'nothing-here'), args: [], env: {} };
    await expect(start({ command: missing })).rejects.toMatchObject({ code: 'backend-failed', message: /ENOENT/ });
  });

  it('runs live sessions, and ends them with an error when their worker crashes', async () => {
    const pool = await start({ workers: 1 });
    const messages: LiveMessage[] = [];
    const known = [{ name: 'Ann', space: 's', embedding: Float32Array.from([1]) }];
    const channel = await pool.open({ encoding: 's16le', sampleRate: 8000, known }, (message) =>
      messages.push(message),
    );
    await channel.push(new Uint8Array(10));
    await channel.push(new Uint8Array(7));
    channel.end({});
    while (messages.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(messages).toEqual([
      { type: 'speaker', speaker: 'SPEAKER_00' },
      { type: 'end', result: { bytes: 17, encoding: 's16le', known: 1 } },
    ]);

    const lost: LiveMessage[] = [];
    const doomed = await pool.open({ encoding: 's16le', sampleRate: 8000 }, (message) => lost.push(message));
    process.kill(pool.pids[0] ?? 0, 'SIGKILL');
    while (lost.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(lost[1]).toMatchObject({ type: 'error', code: 'backend-failed' });
    await doomed.push(new Uint8Array(1));
    doomed.close();
  });

  it('terminates only a worker that does not respond to live audio', async () => {
    const pool = await start({ workers: 1, silentMs: 5_000 });
    const fine: LiveMessage[] = [];
    const idle = await pool.open({ encoding: 's16le', sampleRate: 8000 }, (message) => fine.push(message));
    await idle.push(new Uint8Array(2));
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    await idle.push(new Uint8Array(2));
    expect(fine).toHaveLength(1);
    expect(pool.restarts).toBe(0);
    await Promise.all([idle.push(new Uint8Array([255, 0])), idle.push(new Uint8Array(2))]);
    expect(fine.at(-1)).toMatchObject({
      type: 'error',
      code: 'backend-failed',
      message: expect.stringMatching(/no message for 5000 ms/),
    });
    await ready(pool, 1);
    expect(pool.restarts).toBe(1);
  });

  it('does not terminate workers after its own process was suspended', async () => {
    const pool = await start({ workers: 1, silentMs: 5_000 });
    const session = await pool.open({ encoding: 's16le', sampleRate: 8000 }, () => {});
    const taken = session.push(new Uint8Array(2));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6_000);
    await taken;
    await session.push(new Uint8Array(2));
    expect(pool.restarts).toBe(0);
    expect(pool.pids).toHaveLength(1);
  });

  it('lets workers exit by themselves on close', async () => {
    const pool = await start();
    await ready(pool, 2);
    const { pids } = pool;
    await pool.close();
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
    expect(await codeOf(ask(pool))).toBe('backend-unavailable');
  });
});
