import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { getPriority } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { promisify } from 'node:util';
import type { LogEntry } from '@voiceflow-ml/server';
import { type RunningServer, serveNode } from '@voiceflow-ml/server/node';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../security/sockets.ts';
import { FAULTY_WORKER, NO_HURRY_ENV, NODE_ENTRY, spawnServer, windowBytes } from './harness.ts';
import { closedAfterTest, toyServer } from './toy-server.ts';

const run = promisify(execFile);
const post = (server: RunningServer, path: string, body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${path}`, { method: 'POST', body, headers });

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

describe('rejections', () => {
  /** Of the two lanes. */
  const PATHS = ['/v1/diarize', '/v1/infer'];
  const LIMITS = { bodyBytes: 1_000_000, inferBodyBytes: 1_000_000 };

  /** Sends with node:http, whose client reports a broken pipe as an error even after the answer. */
  function send(url: string, agent: Agent, write: (request: ReturnType<typeof httpRequest>) => void) {
    return new Promise<{ status: number; body: string }>((resolve, reject) => {
      const request = httpRequest(url, { method: 'POST', agent }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      request.on('error', reject);
      write(request);
    });
  }

  it.each(PATHS)('of %s are received by keep-alive clients, fetch and curl while they still send', async (path) => {
    const server = await toyServer({ limits: LIMITS });
    const body = new Uint8Array(5_000_000);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 10; i++) {
      const refused = await send(`${server.url}${path}`, agent, (request) => request.end(body));
      expect(refused.status).toBe(413);
      expect(JSON.parse(refused.body)).toMatchObject({ code: 'audio-too-large' });
      const open = await send(`${server.url}${path}`, agent, (request) => {
        for (let at = 0; at < body.length; at += 500_000) request.write(body.subarray(at, at + 500_000));
        request.end();
      });
      expect(open.status).toBe(413);
      const fetched = await post(server, path, body);
      expect([fetched.status, (await fetched.json()).code]).toEqual([413, 'audio-too-large']);
    }
    agent.destroy();
    for (const chunked of [[], ['-H', 'transfer-encoding: chunked']]) {
      const args = [
        '-s',
        '-w',
        '\n%{http_code}',
        '-X',
        'POST',
        ...chunked,
        '--data-binary',
        '@-',
        `${server.url}${path}`,
      ];
      const curl = run('curl', args);
      curl.child.stdin?.on('error', () => {});
      curl.child.stdin?.end(body);
      const [text = '', status] = (await curl).stdout.split('\n');
      expect([status, JSON.parse(text).code]).toEqual(['413', 'audio-too-large']);
    }
    const after = await post(server, path, 'fine');
    expect(after.status).toBe(200);
    expect(server.app.active).toBe(0);
  });

  it.each(PATHS)('of %s are sent before the body if the client waits for 100 Continue', async (path) => {
    const server = await toyServer({ limits: LIMITS });
    const ask = (bytes: number) =>
      new Promise<{ status: number; sent: boolean }>((resolve, reject) => {
        const headers = { expect: '100-continue', 'content-length': bytes };
        let sent = false;
        const request = httpRequest(`${server.url}${path}`, { method: 'POST', headers }, (response) => {
          response.resume().on('end', () => {
            resolve({ status: response.statusCode ?? 0, sent });
            request.destroy();
          });
        });
        request.on('continue', () => {
          sent = true;
          request.end(new Uint8Array(bytes));
        });
        request.on('error', reject);
        request.flushHeaders();
      });
    expect(await ask(900_000)).toEqual({ status: 200, sent: true });
    expect(await ask(1_000_001)).toEqual({ status: 413, sent: false });
    expect(await ask(900_000)).toEqual({ status: 200, sent: true });
  });

  it.each(PATHS)(
    'of %s keep the connection of a client that waits for 100 Continue, if its body is chunked',
    async (path) => {
      const server = await toyServer({ keys: [{ name: 'alice', key: 'alice-0123456789abcdef' }] });
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1').setEncoding('latin1');
      let text = '';
      socket.on('data', (more) => {
        text += more;
      });
      const answer = async (send: string) => {
        text = '';
        socket.write(send);
        while (!/\r\n\r\n./.test(text)) await once(socket, 'data');
        return { status: text.slice(9, 12), connection: /\r\nconnection: ([\w-]+)/i.exec(text)?.[1] };
      };
      const head = (length: string) =>
        `POST ${path} HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n${length}\r\n\r\n`;
      const chunked = head('transfer-encoding: chunked');
      expect(await answer(chunked)).toEqual({ status: '401', connection: 'keep-alive' });
      expect(await answer(`0\r\n\r\n${chunked}`)).toEqual({ status: '401', connection: 'keep-alive' });
      // Sent all the same, it is thrown away.
      expect(await answer(`3\r\nabc\r\n0\r\n\r\n${chunked}`)).toEqual({ status: '401', connection: 'keep-alive' });
      const closed = once(socket, 'close');
      expect(await answer(`0\r\n\r\n${head('content-length: 5')}`)).toEqual({ status: '401', connection: 'close' });
      await closed;
      // Who neither ends the body nor leaves is not waited for.
      const silent = connect(Number(new URL(server.url).port), '127.0.0.1').resume();
      silent.write(chunked);
      await once(silent, 'close');
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    },
  );

  it('are immediate with a retry time when the queue is full, and queued requests are answered', async () => {
    const server = await toyServer({ limits: { queueRequests: 2 } });
    const says = (line: string) =>
      until(async () => (await (await fetch(`${server.url}/metrics`)).text()).includes(line));
    // The first holds the worker for as long as the rest of this takes on a busy machine.
    const first = post(server, '/v1/diarize?ms=10000', new Uint8Array(200_000));
    await says('voiceflow_requests_running{lane="recording"} 1');
    const accepted = [first, ...[1, 2].map(() => post(server, '/v1/diarize', new Uint8Array(200_000)))];
    await says('voiceflow_queue_depth{lane="recording"} 2');
    const refused = await Promise.all(
      Array.from({ length: 17 }, async () => {
        const response = await post(server, '/v1/diarize', new Uint8Array(200_000));
        return {
          status: response.status,
          retry: response.headers.get('retry-after'),
          code: (await response.json()).code,
        };
      }),
    );
    for (const answer of refused) expect(answer).toEqual({ status: 503, retry: '1', code: 'overloaded' });
    for (const answer of await Promise.all(accepted)) expect(answer.status).toBe(200);
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toContain('voiceflow_refusals_total{code="overloaded"} 17');
  });

  it('close a connection whose header does not arrive', async () => {
    const server = await toyServer({ limits: { headerMs: 150 } });
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write('POST /v1/diarize HTTP/1.1\r\nhost: localhost\r\nx-slow: ');
    const [answer] = await once(socket.setEncoding('utf8'), 'data');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"deadline-exceeded"');
    await once(socket, 'close');
  });

  it('are not sent for a header that arrived while the process was suspended', async () => {
    const server = await toyServer({ limits: { headerMs: 150 } });
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').setEncoding('utf8');
    let text = '';
    socket.on('data', (more) => {
      text += more;
    });
    const standStill = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
    await once(socket, 'connect');
    for (let i = 1; i <= 3; i++) {
      socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
      standStill();
      await until(() => text.split('HTTP/1.1 ').length > i);
      expect(text).not.toContain('HTTP/1.1 408');
    }
    const live = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(live, 'connect');
    await until(async () => (await fetch(`${server.url}/healthz`)).ok);
    live.write(
      'GET /v1/stream?sampleRate=16000 HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n' +
        'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    standStill();
    const [accepted] = await once(live.setEncoding('latin1'), 'data');
    expect(accepted).toMatch(/^HTTP\/1\.1 101 /);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(live.readableEnded).toBe(false);
    live.destroy();
    // What is half a header by then must be whole within the limit.
    socket.write('GET /healthz HTTP/1.1\r\n');
    standStill();
    await once(socket, 'close');
    expect(text).toContain('HTTP/1.1 408');
  });

  it('have a problem body also for invalid HTTP or an endless header', async () => {
    const server = await toyServer();
    const requests = {
      'no http at all\r\n\r\n': 400,
      'GET / HTTP/1.1\r\n\r\n': 400,
      'GET / HTTP/1.1\r\nhost: localhost\r\nexpect: a miracle\r\nconnection: close\r\n\r\n': 417,
      'GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n': 400,
      'GET / HTTP/1.1\r\nhost: lo cal\r\nconnection: close\r\n\r\n': 400,
      [`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`]: 431,
      'POST /v1/infer HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n': 400,
      'POST /v1/infer HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n': 400,
    };
    for (const [request, status] of Object.entries(requests)) {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1').setEncoding('utf8');
      let answer = '';
      socket.on('data', (more) => {
        answer += more;
      });
      socket.write(request);
      await once(socket, 'close');
      expect(answer, request.slice(0, 60)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status, code: 'invalid-option' });
    }
    await until(() => server.app.active === 0);
  });

  it.each(PATHS)('of %s end a body whose sender stops, and free its memory', async (path) => {
    const server = await toyServer({ limits: { idleBodyMs: 100 } });
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\nabc`);
    const [answer] = await once(socket.setEncoding('utf8'), 'data');
    expect(answer).toMatch(/^HTTP\/1\.1 504 /);
    expect(answer).toMatch(
      /no data of the body was received for 100 ms|fewer than 1024 bytes of the body were received in 200 ms/,
    );
    await once(socket, 'close');
    expect(server.app.active).toBe(0);
    expect(await (await fetch(`${server.url}/metrics`)).text()).toContain('voiceflow_body_bytes 0');
  });

  it('release a client that disconnects: during the body, in the queue and during processing', async () => {
    const log: LogEntry[] = [];
    const server = await toyServer({ log: (entry) => log.push(entry) });
    const leave = (path: string, body: string, length = body.length) => {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      socket.on('error', () => {});
      socket.write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${length}\r\n\r\n${body}`);
      return socket;
    };
    const metrics = async () => (await fetch(`${server.url}/metrics`)).text();
    const clients = [
      leave('/v1/diarize?ms=60000', 'x'),
      leave('/v1/diarize?ms=60000', 'y'),
      leave('/v1/diarize', 'z', 100),
      leave('/v1/infer', 'z', 100),
    ];
    await until(async () => server.app.active >= 4 && (await metrics()).includes('queue_depth{lane="recording"} 1'));
    for (const socket of clients) socket.destroy();
    await until(() => log.filter((entry) => entry.code === 'aborted').length === 4);
    const text = await metrics();
    expect(text).toContain('voiceflow_queue_depth{lane="recording"} 0');
    expect(text).toContain('voiceflow_body_bytes 0');
    expect((await post(server, '/v1/diarize', 'next')).status).toBe(200);
    expect(server.pool.restarts).toBe(0);
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

describe('the server survives', () => {
  const OFFER =
    'host: localhost\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n';

  it('upgrade requests for other protocols, which are served as plain requests, also with a late body', async () => {
    const server = await toyServer();
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').setEncoding('utf8');
    socket.write(`GET /healthz HTTP/1.1\r\n${OFFER}\r\n`);
    const answer = async (end: RegExp) => {
      let text = '';
      while (!end.test(text)) text += (await once(socket, 'data'))[0];
      return text;
    };
    expect(await answer(/"status":"ok"/)).toMatch(/^HTTP\/1\.1 200 /);
    socket.write(`POST /v1/infer HTTP/1.1\r\n${OFFER}content-length: 6\r\n\r\nabc`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write('def');
    expect(await answer(/"bytes":\d/)).toMatch(/^HTTP\/1\.1 200 .*"bytes":6/s);
    socket.destroy();
  });

  it('connections that are reset at any time', async () => {
    const server = await toyServer();
    const handshake = 'host: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n';
    const starts = [
      `GET / HTTP/1.1\r\n${OFFER}\r\n`,
      `GET /nothing HTTP/1.1\r\n${handshake}sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      `GET /v1/stream?sampleRate=16000 HTTP/1.1\r\n${handshake}sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      `GET /v1/stream?sampleRate=16000 HTTP/1.1\r\n${handshake}\r\n`,
      'POST /v1/infer HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nabc',
      'POST /v1/infer HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\nabc',
    ];
    for (const start of starts) {
      for (const ms of [0, 1, 3, 10, 30]) {
        const socket = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => {});
        await once(socket, 'connect');
        socket.write(start);
        await new Promise((resolve) => setTimeout(resolve, ms));
        socket.resetAndDestroy();
      }
    }
    while (server.app.active > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  it('a closed log pipe', async () => {
    const server = await spawnServer([process.execPath, NODE_ENTRY], { VOICEFLOW_WORKERS: '1' });
    server.stopReading();
    for (let i = 0; i < 5; i++) {
      expect((await server.fetch('/healthz')).status).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    server.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  });
});

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

describe('SIGTERM', () => {
  it('under load: all accepted requests are answered, workers exit, the exit code is 0', async () => {
    for (let round = 0; round < 3; round++) {
      const server = await spawnServer([process.execPath, NODE_ENTRY], { VOICEFLOW_WORKERS: '1', ...NO_HURRY_ENV });
      const agent = new Agent({ keepAlive: true });
      const failures: string[] = [];
      let answered = 0;
      let refusedAfter = 0;
      const stalls = monitorEventLoopDelay({ resolution: 10 });
      stalls.enable();
      const one = () =>
        new Promise<void>((resolve) => {
          const request = httpRequest(`${server.url}/v1/infer`, {
            method: 'POST',
            agent,
            headers: { 'content-type': 'application/octet-stream' },
          });
          request.on('response', (response) => {
            if (response.statusCode !== 200) failures.push(String(response.statusCode));
            else answered++;
            response
              .resume()
              .on('end', resolve)
              .on('error', (error) => {
                failures.push(error.message);
                resolve();
              });
          });
          request.on('error', (error: NodeJS.ErrnoException) => {
            // Nobody listens any more: this request was never accepted.
            if (error.code === 'ECONNREFUSED') refusedAfter++;
            // Where this process did not run for so long, the server could not know that more would come on this
            // connection (`QUIET_MS`): then it may be closed, and clients ask again (RFC 9112, 9.3.1).
            else if (!request.reusedSocket || stalls.max < 300e6) failures.push(error.code ?? error.message);
            resolve();
          });
          request.end(windowBytes());
        });
      const client = async () => {
        while (refusedAfter < 8 && failures.length === 0) await one();
      };
      const load = Promise.all(Array.from({ length: 8 }, client));
      while (answered < 20) await new Promise((resolve) => setTimeout(resolve, 5));
      server.kill('SIGTERM');
      expect(await server.exited).toBe(0);
      await load;
      stalls.disable();
      agent.destroy();
      expect(failures).toEqual([]);
    }
  });

  it('answers connections that are not yet accepted', async () => {
    const server = await toyServer();
    const port = Number(new URL(server.url).port);
    const answers = Array.from({ length: 24 }, () => {
      const socket = connect(port, '127.0.0.1');
      socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
      return new Promise<string>((resolve, reject) => {
        socket.once('data', (data) => resolve(String(data).slice(0, 12))).once('error', reject);
      }).finally(() => socket.destroy());
    });
    // The sockets connect once this turn's code has run; the server, in this very process, cannot have seen them.
    await new Promise((resolve) => process.nextTick(resolve));
    const closing = server.close();
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['HTTP/1.1 200']));
    await closing;
  });

  it('makes the server not ready, and ends live sessions with a request to reconnect', async () => {
    const server = await toyServer();
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/stream?sampleRate=16000`);
    const messages: { type: string; code?: string }[] = [];
    socket.on('message', (text) => messages.push(JSON.parse(String(text))));
    while (messages.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const working = post(server, '/v1/diarize?ms=3000', 'x');
    while (server.app.active < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const ready = fetch(`${server.url}/readyz`, { keepalive: true });
    expect((await ready).status).toBe(200);
    const closing = server.close();
    const [code] = await once(socket, 'close');
    expect(code).toBe(1012);
    expect(messages.at(-1)).toMatchObject({ type: 'error', code: 'closed' });
    expect((await working).status).toBe(200);
    await closing;
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });
});

describe('GET /v1/stream', () => {
  const open = (server: RunningServer, query: string, headers: Record<string, string> = {}) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/stream?${query}`, { headers });
    const messages: { type: string; code?: string; result?: unknown; message?: string }[] = [];
    socket.on('message', (text) => messages.push(JSON.parse(String(text))));
    socket.on('error', () => {});
    const closed = once(socket, 'close').then(([code]) => Number(code));
    return { socket, messages, closed };
  };
  it('receives audio, sends events, and returns the result at the end', async () => {
    const server = await toyServer();
    const { socket, messages, closed } = open(server, 'sampleRate=16000&encoding=f32le');
    await until(() => messages.some(({ type }) => type === 'ready'));
    for (let i = 0; i < 5; i++) socket.send(Buffer.alloc(1001));
    socket.send('{"type":"keep-alive"}');
    socket.send('{"type":"end"}');
    expect(await closed).toBe(1000);
    expect(messages.map(({ type }) => type)).toEqual(['ready', 'speaker', 'end']);
    expect(messages.at(-1)).toEqual({ type: 'end', result: { bytes: 5005, encoding: 'f32le', known: 0 } });
  });

  it('sends an error before it closes', async () => {
    const server = await toyServer();
    for (const [query, part] of [
      ['', 'sampleRate is required'],
      ['sampleRate=16000&encoding=mp3', 'encoding is "mp3"'],
      ['sampleRate=16000&foo=1', 'unknown option "foo"'],
    ] as const) {
      const { messages, closed } = open(server, query);
      expect(await closed).toBe(1008);
      expect(messages).toEqual([expect.objectContaining({ type: 'error', code: 'invalid-option' })]);
      expect(messages[0]?.message).toContain(part);
    }
    const chatty = open(server, 'sampleRate=16000');
    await until(() => chatty.messages.length > 1);
    chatty.socket.send('hello');
    expect(await chatty.closed).toBe(1008);
    expect(chatty.messages.at(-1)).toMatchObject({ type: 'error', code: 'invalid-option' });
    const large = open(server, 'sampleRate=16000');
    await until(() => large.messages.length > 1);
    large.socket.send(Buffer.alloc(1024 * 1024 + 1));
    expect(await large.closed).toBe(1009);
    expect(large.messages.at(-1)).toMatchObject({ type: 'error', code: 'audio-too-large' });
  });

  it('requires a key if keys are set: in the header, or in the query for browsers', async () => {
    const server = await toyServer({ keys: [{ name: 'a', key: 'key-0123456789abcdef' }] });
    const refused = new WebSocket(`${server.url.replace('http', 'ws')}/v1/stream?sampleRate=16000`);
    const [, response] = await once(refused, 'unexpected-response');
    expect(response.statusCode).toBe(401);
    for (const [query, headers] of [
      ['&access_token=key-0123456789abcdef', {}],
      ['', { authorization: 'Bearer key-0123456789abcdef' }],
    ] as const) {
      const { socket, messages, closed } = open(server, `sampleRate=16000${query}`, headers);
      await until(() => messages.length > 1);
      socket.send('{"type":"end"}');
      expect(await closed).toBe(1000);
    }
  });

  it('is rejected for pages of other origins, unless allowed', async () => {
    const named = await toyServer({ corsOrigins: ['https://a.example'] });
    const refused = new WebSocket(`${named.url.replace('http', 'ws')}/v1/stream?sampleRate=16000`, {
      origin: 'https://b.example',
    });
    const [, response] = await once(refused, 'unexpected-response');
    expect(response.statusCode).toBe(403);
    for (const origin of ['https://a.example', named.url]) {
      const { socket, messages, closed } = open(named, 'sampleRate=16000', { origin });
      await until(() => messages.length > 1);
      socket.send('{"type":"end"}');
      expect(await closed).toBe(1000);
    }
  });

  it('closes an idle session, and rejects sessions beyond the limit', async () => {
    const server = await toyServer({ limits: { idleBodyMs: 4_000, sessions: 2 } });
    const [first, second] = [open(server, 'sampleRate=16000'), open(server, 'sampleRate=16000')];
    await until(() => first.messages.length > 1 && second.messages.length > 1);
    const third = open(server, 'sampleRate=16000');
    expect(await third.closed).toBe(1013);
    expect(third.messages).toEqual([expect.objectContaining({ type: 'error', code: 'overloaded' })]);
    expect(await first.closed).toBe(1008);
    expect(first.messages.at(-1)).toMatchObject({ type: 'error', code: 'deadline-exceeded' });
    await second.closed;
    expect(server.app.active).toBe(0);
  });

  it('releases everything after abrupt disconnects', async () => {
    const server = await toyServer();
    for (let round = 0; round < 5; round++) {
      const all = Array.from({ length: 20 }, () => open(server, 'sampleRate=16000'));
      await Promise.all(all.map(({ messages }) => until(() => messages.length > 0)));
      expect(server.app.active).toBeGreaterThan(0);
      for (const { socket } of all) socket.terminate();
    }
    await until(() => server.app.active === 0);
    expect(await (await fetch(`${server.url}/metrics`)).text()).toContain('voiceflow_sessions_active 0');
  });

  it('responds to a plain request with 426', async () => {
    const server = await toyServer();
    expect((await fetch(`${server.url}/v1/stream?sampleRate=16000`)).status).toBe(426);
  });
});
