import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import type { LogEntry } from '@voiceflow-ml/server';
import { describe, expect, it } from 'vitest';
import { until } from '../security/sockets.ts';
import { post, toyServer } from './toy-server.ts';

const run = promisify(execFile);

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

  it.each(PATHS)(
    'of %s read the rest of a body whose sender paused for too long, and keep the connection',
    async (path) => {
      const server = await toyServer({ limits: { idleBodyMs: 100 } });
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1').setEncoding('utf8');
      const rest = 900_000;
      socket.write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${rest + 3}\r\n\r\nabc`);
      expect((await once(socket, 'data'))[0]).toMatch(/^HTTP\/1\.1 504 /);
      let more = '';
      socket.on('data', (text) => {
        more += text;
      });
      socket.write(`${'x'.repeat(rest)}GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n`);
      await until(() => more.startsWith('HTTP/1.1 200 '));
      socket.destroy();
    },
  );

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
