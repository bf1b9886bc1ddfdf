/** Connections that ask and do not read, or ask in ways that no client does. */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { NODE_ENTRY, type Spawned, spawnServer } from '../server/harness.ts';
import { closedAfterTest, toyServer } from '../server/toy-server.ts';
import { metric, type RawClient, rawClient, residentMb, statuses, until } from './sockets.ts';

async function processServer(env: Record<string, string> = {}): Promise<Spawned> {
  return closedAfterTest(await spawnServer([process.execPath, NODE_ENTRY], { VOICEFLOW_WORKERS: '1', ...env }));
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}\r\n`;

describe('pipelined requests', () => {
  it('with unread responses use little memory, and other requests are served (CVE-2013-4450 and similar)', async () => {
    const server = await processServer({ VOICEFLOW_API_KEYS: 'me:secret-0123456789abcdef' });
    const paths = ['/openapi.json', '/', '/docs', '/v1/infer', '/nothing'];
    // As a server that has been running: its heap has the room that ordinary requests take.
    for (let i = 0; i < 200; i++) await (await server.fetch(paths[i % 5] ?? '')).arrayBuffer();
    const before = residentMb(server.pid);
    for (const path of paths) {
      const flood = get(path).repeat(Math.floor(65_536 / get(path).length));
      const clients = await Promise.all(Array.from({ length: 12 }, () => rawClient(server.url, flood, { deaf: true })));
      for (let i = 0; i < 5; i++) expect((await server.fetch('/healthz')).status).toBe(200);
      // So many at once are no client's: all of these connections are closed.
      for (const { socket } of clients) socket.resume();
      await Promise.all(clients.map(({ closed }) => closed));
    }
    expect(residentMb(server.pid) - before).toBeLessThan(50);
  });

  it('in ordinary numbers are answered in order', async () => {
    const server = await toyServer();
    const asked = Array.from({ length: 30 }, (_, i) =>
      get(i % 2 === 0 ? '/openapi.json' : '/healthz', `x-request-id: ${i}\r\n`),
    );
    const { text, socket } = await rawClient(server.url, asked.join(''));
    await until(() => statuses(text()).length === 30);
    expect(new Set(statuses(text()))).toEqual(new Set([200]));
    const ids = [...text().matchAll(/x-request-id: (\d+)/g)].map((match) => Number(match[1]));
    expect(ids).toEqual(asked.map((_, i) => i));
    socket.write(`${get('/healthz')}${get('/healthz')}`);
    await until(() => statuses(text()).length === 32);
    socket.destroy();
  });

  it('with bodies are answered in order', async () => {
    const server = await toyServer();
    const body = 'x'.repeat(30_000);
    const post = (i: number) =>
      `POST /v1/${i % 2 === 0 ? 'infer' : 'diarize'} HTTP/1.1\r\nHost: 127.0.0.1\r\nx-request-id: ${i}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const { text, socket } = await rawClient(server.url, Array.from({ length: 20 }, (_, i) => post(i)).join(''));
    await until(() => statuses(text()).length === 20);
    expect(new Set(statuses(text()))).toEqual(new Set([200]));
    expect(text().match(/"bytes":30000/g)).toHaveLength(20);
    socket.destroy();
  });

  it('are upgraded only after all earlier ones have been answered', async () => {
    const server = await toyServer();
    const offer = get(
      '/healthz',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n',
    );
    for (const asked of [
      [get('/openapi.json'), offer],
      [offer, offer],
      [get('/docs'), offer, get('/healthz'), offer, offer, get('/openapi.json')],
    ]) {
      const { text, socket } = await rawClient(server.url, asked.join(''));
      await until(() => statuses(text()).length === asked.length);
      expect(new Set(statuses(text()))).toEqual(new Set([200]));
      socket.destroy();
    }
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/stream?sampleRate=16000`);
    await once(socket, 'message');
    socket.terminate();
  });
});

const HANDSHAKE =
  'Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';

it('rejected handshakes leave no connection open, whatever else was sent', async () => {
  const keys = [{ name: 'me', key: 'secret-0123456789abcdef' }];
  // So long that nothing but the end of all connections ends the server.
  const server = await toyServer({ keys, limits: { drainMs: 24 * 3_600_000 } });
  const asked = ['POST /v1/infer', 'GET /v1/stream', 'GET /healthz', 'GET http://[/v1/stream'].map(
    (line) => `${line} HTTP/1.1\r\nHost: localhost\r\n${HANDSHAKE}Content-Length: 192000\r\n\r\n${'x'.repeat(192_000)}`,
  );
  const clients = await Promise.all([...asked, ...asked].map((text) => rawClient(server.url, text)));
  await until(() => clients.every(({ text }) => statuses(text()).length === 1));
  for (const { text } of clients) expect(statuses(text())).not.toContain(101);
  await server.close();
});

it('rejected handshakes get the problem that says why', async () => {
  const server = await toyServer({ keys: [{ name: 'me', key: 'secret-0123456789abcdef' }] });
  const key = 'Authorization: Bearer secret-0123456789abcdef\r\n';
  for (const [path, headers, status, code] of [
    ['/v1/stream?sampleRate=16000', '', 401, 'unauthorized'],
    ['/v1/stream?sampleRate=16000', `${key}Origin: https://a.example\r\n`, 403, 'unauthorized'],
    ['/v1/nothing', key, 404, 'not-found'],
  ] as const) {
    const { text, closed } = await rawClient(
      server.url,
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${HANDSHAKE}${headers}\r\n`,
    );
    await closed;
    const [head = '', body = ''] = text().split('\r\n\r\n');
    expect(statuses(head)).toEqual([status]);
    expect(head).toMatch(/content-type: application\/problem\+json/);
    expect(JSON.parse(body)).toMatchObject({ status, code, hint: expect.any(String) });
    expect(head).toMatch(new RegExp(`content-length: ${body.length}\\b`));
  }
});

describe('unread responses', () => {
  const ask = 'POST /v1/diarize?answer=20000000 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n\r\nx';

  it('count in the byte budget: a response that does not fit is rejected', async () => {
    const server = await toyServer({ limits: { queueBytes: 60_000_000, idleBodyMs: 600_000 } });
    const deaf = await Promise.all([1, 2].map(() => rawClient(server.url, ask, { deaf: true })));
    await until(async () => (await metric(server.url, 'voiceflow_body_bytes')) === 40_000_000);
    const refused = await fetch(`${server.url}/v1/diarize?answer=30000000`, { method: 'POST', body: 'x' });
    expect([refused.status, (await refused.json()).code]).toEqual([503, 'overloaded']);
    for (const { socket } of deaf) socket.destroy();
    await until(async () => (await metric(server.url, 'voiceflow_body_bytes')) === 0);
    const read = await fetch(`${server.url}/v1/diarize?answer=30000000`, { method: 'POST', body: 'x' });
    expect((await read.arrayBuffer()).byteLength).toBe(30_000_000);
  });

  it('are dropped after a time, with their connections', async () => {
    const server = await toyServer({ limits: { idleBodyMs: 400 } });
    const { socket, closed } = await rawClient(server.url, ask, { deaf: true });
    await until(
      async () => (await metric(server.url, 'voiceflow_requests_total\\{route="/v1/diarize",outcome="ok"\\}')) === 1,
    );
    await until(async () => (await metric(server.url, 'voiceflow_body_bytes')) === 0);
    socket.resume();
    await closed;
  });

  it('are distinguished from slowly read ones', async () => {
    const server = await toyServer({ limits: { idleBodyMs: 4_000 } });
    const agent = new Agent();
    const bytes = await new Promise<number>((resolve, reject) => {
      const request = httpRequest(`${server.url}/v1/diarize?answer=30000000`, { method: 'POST', agent }, (response) => {
        let count = 0;
        response.on('data', (chunk: Buffer) => {
          count += chunk.length;
          // 30 MB in some 8 s: longer than the limit, but never idle for as long.
          if (count % 400_000 < chunk.length) {
            response.pause();
            setTimeout(() => response.resume(), 100);
          }
        });
        response.on('end', () => resolve(count)).on('error', reject);
      });
      request.on('error', reject).end('x');
    });
    expect(bytes).toBe(30_000_000);
    agent.destroy();
  });

  it('of more than 32 MiB are not created', async () => {
    const server = await toyServer();
    const response = await fetch(`${server.url}/v1/diarize?answer=${33 * 1024 * 1024}`, { method: 'POST', body: 'x' });
    expect([response.status, (await response.json()).code]).toEqual([413, 'audio-too-large']);
  });
});

describe.skipIf(process.platform !== 'linux')('connections that use all file descriptors', () => {
  it('leave the descriptors that starting a worker needs', async () => {
    const server = await spawnServer(['/bin/sh', '-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, NODE_ENTRY], {
      VOICEFLOW_WORKERS: '1',
    });
    closedAfterTest(server);
    const workers = () => readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim();
    const clients = await Promise.all(Array.from({ length: 100 }, () => rawClient(server.url, get('/healthz'))));
    const answered = () => clients.filter(({ text }) => statuses(text()).length === 1);
    await until(() => clients.every(({ text, socket }) => socket.closed || statuses(text()).length === 1));
    expect(answered().length).toBeGreaterThan(20);
    expect(answered().length).toBeLessThan(64);
    const first = workers();
    process.kill(Number(first), 'SIGKILL');
    const { socket, text } = answered()[0] as RawClient;
    const ready = async () => {
      const before = statuses(text()).length;
      socket.write(get('/readyz'));
      await until(() => statuses(text()).length > before);
      return statuses(text()).at(-1) === 200;
    };
    await until(async () => !['', first].includes(workers()) && (await ready()));
    for (const { socket } of clients) socket.destroy();
  });
});
