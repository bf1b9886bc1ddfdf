/** Inputs that cost more than they should, or take along what is beside them. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type RunningServer, serveNode } from '@voiceflow-ml/server/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeWav } from 'voiceflow-ml/core';
import { findRuntimes } from '../../bench/src/runtimes.ts';
import {
  CONVERSATION,
  FAULTY_WORKER,
  NO_HURRY_ENV,
  NODE_ENTRY,
  ROOT,
  type Spawned,
  spawnServer,
  TOY,
  windowBytes,
} from '../server/harness.ts';
import { metric, rawClient, until } from './sockets.ts';

const OCTETS = { 'content-type': 'application/octet-stream' };
const MiB = 1024 * 1024;

describe('the real model', () => {
  let server: Spawned;
  beforeAll(async () => {
    server = await spawnServer([process.execPath, NODE_ENTRY], { VOICEFLOW_WORKERS: '1', ...NO_HURRY_ENV });
  });
  afterAll(() => server?.close());
  const post = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
    server.fetch(path, { method: 'POST', body, headers });
  const noise = new Float32Array(windowBytes().buffer);
  const scaled = (factor: number) => noise.map((x) => x * factor);
  const TINY = [1e-18, 1e-20, 1e-38, 1e-40, 1e-44];

  it('treats denormal samples as silence, without additional cost (39 times as slow before)', async () => {
    const headers = { ...OCTETS, accept: 'application/octet-stream' };
    const answer = async (samples: Float32Array<ArrayBuffer>) => {
      const response = await post('/v1/infer', samples, headers);
      expect(response.status).toBe(200);
      return Buffer.from(await response.arrayBuffer());
    };
    const silence = await answer(new Float32Array(noise.length));
    for (const factor of TINY) expect((await answer(scaled(factor))).equals(silence), `× ${factor}`).toBe(true);
    expect((await answer(scaled(1e-6))).equals(silence)).toBe(false);
  });

  it('does so in recordings and tensors as well', async () => {
    const turns = async (samples: Float32Array) => {
      const body = encodeWav(samples, 16_000, { encoding: 'f32' });
      const { warnings, duration, turns } = await (
        await post('/v1/diarize', body, { 'content-type': 'audio/wav' })
      ).json();
      return { warnings, duration, turns };
    };
    const tensors = async (samples: Float32Array<ArrayBuffer>) => {
      const headers = { ...OCTETS, 'inference-header-content-length': '0' };
      return Buffer.from(await (await post('/v2/models/fast-cnn/infer', samples, headers)).arrayBuffer());
    };
    const zeros = new Float32Array(noise.length);
    expect(await turns(scaled(1e-39))).toEqual(await turns(zeros));
    expect((await tensors(scaled(1e-39))).equals(await tensors(zeros))).toBe(true);
  });

  it('limits the number of decoded channels, whose cost does not depend on the length', async () => {
    const wav = Buffer.from(encodeWav(new Float32Array(64_000), 16_000));
    // 1,000 channels of 64 frames.
    wav.writeUInt16LE(1_000, 22);
    wav.writeUInt16LE(2_000, 32);
    for (const path of ['/v1/diarize', '/v1/embed']) {
      const refused = await post(path, wav);
      expect([refused.status, (await refused.json()).code]).toEqual([413, 'audio-too-large']);
    }
  });

  it('names an upload in RTTM by its file name, unless a name is given', async () => {
    const form = () => {
      const data = new FormData();
      data.append('file', new Blob([CONVERSATION]), 'dir/Böse Datei (1).wav');
      return data;
    };
    const named = await (await post('/v1/diarize?format=rttm', form())).text();
    expect(named).toMatch(/^SPEAKER B%?.*öse%20Datei%20\(1\) 1 /u);
    expect(await (await post('/v1/diarize?format=rttm&uri=mine', form())).text()).toMatch(/^SPEAKER mine 1 /);
    const field = form();
    field.append('format', 'rttm');
    expect((await post('/v1/diarize', field)).status).toBe(400);
    const twice = form();
    twice.append('numSpeakers', '2');
    expect((await post('/v1/diarize?numSpeakers=2', twice)).status).toBe(400);
    twice.append('numSpeakers', '3');
    expect((await post('/v1/diarize', twice)).status).toBe(400);
  });

  it('rejects an OIP request for more outputs than exist', async () => {
    const request = {
      inputs: [{ name: 'audio', shape: [1, 48_000], datatype: 'FP32', data: new Array(48_000).fill(0) }],
      outputs: Array.from({ length: 20_000 }, () => ({ name: 'embeddings' })),
    };
    const response = await post('/v2/models/fast-cnn/infer', JSON.stringify(request));
    expect([response.status, (await response.json()).code]).toEqual([400, 'invalid-option']);
  });

  it('parses a form in linear time, and stops when the client disconnects', async () => {
    const headers = { 'content-type': `multipart/form-data; boundary=${'-'.repeat(68)}x` };
    const dashes = (bytes: number) => post('/v1/diarize', new Uint8Array(bytes).fill(45), headers);
    for (let i = 0; i < 2; i++) expect((await dashes(MiB)).status).toBe(400);
    // 20 s and more before: a deadline against a search without an end. That it is linear, multipart.test.ts counts.
    const large = await post('/v1/diarize', new Uint8Array(32 * MiB).fill(45), {
      ...headers,
      'x-deadline-ms': '90000',
    });
    expect(large.status).toBe(400);
    for (let i = 0; i < 3; i++) {
      const leaving = await rawClient(
        server.url,
        `POST /v1/diarize HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${headers['content-type']}\r\nContent-Length: ${24 * MiB}\r\n\r\n`,
      );
      leaving.socket.write(Buffer.alloc(24 * MiB, 45));
      // There, or even searched already.
      await until(async () => leaving.text() !== '' || (await metric(server.url, 'voiceflow_body_bytes')) === 24 * MiB);
      leaving.socket.destroy();
      await until(async () => (await metric(server.url, 'voiceflow_body_bytes')) === 0);
    }
    await until(async () =>
      /voiceflow_requests_running\{lane="recording"\} 0/.test(await (await server.fetch('/metrics')).text()),
    );
    expect(await metric(server.url, 'voiceflow_worker_restarts_total')).toBe(0);
  });
});

describe('a client whose requests crash workers', () => {
  const keys = [
    { name: 'bad', key: 'bad-key-0123456789' },
    { name: 'good', key: 'good-key-0123456789' },
  ];
  const bearer = (name: string) => ({ authorization: `Bearer ${name}-key-0123456789` });
  let server: RunningServer;
  beforeAll(async () => {
    server = await serveNode({ port: 0, workers: 2, command: TOY, log: () => {}, keys });
  });
  afterAll(() => server?.close());
  const post = (path: string, body: string, name: string) =>
    fetch(`${server.url}${path}`, { method: 'POST', body, headers: bearer(name) });

  it('is rejected for a time, and its input after the second crash, while others are served', async () => {
    // A native crash in the first lane that such an input takes: SIGSEGV, three times.
    const crash = async () => {
      const response = await post('/v1/diarize?fault=crash', 'poison', 'bad');
      return { status: response.status, ...(await response.json()) };
    };
    for (let i = 0; i < 3; i++) {
      expect(await crash()).toMatchObject({
        status: 500,
        code: 'backend-failed',
        detail: /this input crashed 2 worker/,
      });
    }
    expect(server.pool.restarts).toBeLessThanOrEqual(2);
    expect((await post('/v1/diarize', 'fine', 'bad')).status).toBe(200);
    const other = await post('/v1/diarize?fault=crash', 'another', 'bad');
    expect(other.status).toBe(500);
    const refused = await post('/v1/diarize', 'fine', 'bad');
    expect([refused.status, (await refused.json()).code]).toEqual([429, 'quota-exceeded']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(30);
    expect((await post('/v1/diarize', 'fine', 'good')).status).toBe(200);
    expect((await post('/v1/infer', 'fine', 'good')).status).toBe(200);
  });
});

const bun = findRuntimes().find(({ name }) => name === 'bun');
const withoutBun = bun?.missing === undefined ? '' : ` (skipped: ${bun.missing})`;

describe.skipIf(withoutBun !== '')(`the same on Bun, without shared memory for workers${withoutBun}`, () => {
  it('rejects the input after the second crash, and remains available', async () => {
    const entry = new URL('packages/server/dist/bun.js', pathToFileURL(ROOT));
    const program = `
      import { serveBun } from ${JSON.stringify(fileURLToPath(entry))};
      const command = ${JSON.stringify({ ...TOY, command: bun?.command })};
      const server = await serveBun({ port: 0, workers: 1, command, log: () => {} });
      process.stderr.write('listens on ' + server.url + '\\n');
      process.once('SIGTERM', () => server.close().then(() => process.exit(0)));`;
    const server = await spawnServer([bun?.command ?? '', '-e', program]);
    const post = (path: string, body: string) => server.fetch(path, { method: 'POST', body });
    try {
      for (let i = 0; i < 3; i++) {
        const response = await post('/v1/diarize?fault=crash', 'poison');
        expect([response.status, (await response.json()).detail]).toEqual([
          500,
          'this input crashed 2 worker processes',
        ]);
      }
      expect((await post('/v1/diarize', 'fine')).status).toBe(200);
      expect(await metric(server.url, 'voiceflow_worker_restarts_total')).toBe(2);
    } finally {
      await server.close();
    }
  });
});

describe('a server whose workers crash and cannot restart', () => {
  it('rejects new and waiting requests immediately, and recovers when workers start', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'voiceflow-gone-'));
    const flag = join(folder, 'broken');
    const script = `if (require('fs').existsSync(${JSON.stringify(flag)})) process.exit(3); import(${JSON.stringify(FAULTY_WORKER)});`;
    const command = { command: process.execPath, args: ['-e', script], env: TOY.env };
    const server = await serveNode({
      port: 0,
      workers: 1,
      command,
      log: () => {},
      limits: { inferDeadlineMs: 60_000 },
    });
    const ask = () => fetch(`${server.url}/v1/infer`, { method: 'POST', body: 'x' });
    writeFileSync(flag, '');
    for (const pid of server.pool.pids) process.kill(pid, 'SIGKILL');
    const waited = await ask();
    expect([waited.status, (await waited.json()).code]).toEqual([503, 'backend-unavailable']);
    const refused = await ask();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    rmSync(folder, { recursive: true });
    await until(async () => (await fetch(`${server.url}/readyz`)).status === 200);
    expect((await ask()).status).toBe(200);
    await server.close();
  });
});

describe('a recording that is processed for too long', () => {
  it('is aborted at the total limit, although it makes progress', async () => {
    const limits = { deadlineMs: 60_000, workMs: 400 };
    const server = await serveNode({ port: 0, workers: 1, command: TOY, log: () => {}, limits });
    const response = await fetch(`${server.url}/v1/diarize?ms=50&steps=100`, { method: 'POST', body: 'x' });
    expect([response.status, (await response.json()).code]).toEqual([504, 'deadline-exceeded']);
    expect(server.pool.restarts).toBe(0);
    await server.close();
  });
});

describe.skipIf(process.platform !== 'linux')('workers of a killed server (needs /proc)', () => {
  it('exit immediately, also while they process a long recording', async () => {
    const server = await spawnServer([process.execPath, NODE_ENTRY], { VOICEFLOW_WORKERS: '1', ...NO_HURRY_ENV });
    const [worker] = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim().split(' ');
    const hours = new Float32Array(3 * 3600 * 8_000).fill(0.1);
    const response = await server.fetch('/v1/diarize', {
      method: 'POST',
      body: encodeWav(hours, 8_000, { encoding: 's16' }),
      headers: { accept: 'text/event-stream' },
    });
    let text = '';
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += piece;
      if (/"stage":"model","done":[1-9]/.test(text)) break;
    }
    server.kill('SIGKILL');
    // A process that has ended and that nobody has waited for is still listed.
    await until(() => !existsSync(`/proc/${worker}/exe`));
  });
});
