/** Requests of other sites in a browser, through proxies, and of clients without a key: which are answered, and which are refused. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { LogEntry } from '@voiceflow-ml/server';
import type { RunningServer } from '@voiceflow-ml/server/node';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { NODE_ENTRY, spawnServer } from '../server/harness.ts';
import { toyServer } from '../server/toy-server.ts';
import { rawClient, statuses, until } from './sockets.ts';

/** The status of one request, word for word. */
async function ask(server: RunningServer, head: string, body = ''): Promise<number> {
  const { text, socket } = await rawClient(server.url, `${head}Connection: close\r\n\r\n${body}`);
  await once(socket, 'close');
  return statuses(text())[0] ?? 0;
}

const KEYS = [{ name: 'me', key: 'secret-0123456789abcdef' }];

describe('a server without keys on loopback', () => {
  const PATHS = ['GET /metrics', 'GET /', 'POST /v1/infer', 'POST /v1/diarize'];

  it('rejects foreign host names (DNS rebinding)', async () => {
    const server = await toyServer();
    for (const path of PATHS) {
      const head = (host: string) => `${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n`;
      for (const host of [
        'evil.example',
        'evil.example:8080',
        '127.0.0.1.evil.example',
        'localhost.evil.example',
        '10.0.0.1',
      ]) {
        expect(await ask(server, head(host)), `${path} ${host}`).toBe(403);
      }
      for (const host of ['localhost', 'LocalHost:8080', '127.0.0.1:1', '[::1]:8080', 'a.localhost']) {
        expect(await ask(server, head(host)), `${path} ${host}`).toBe(200);
      }
    }
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/stream?sampleRate=16000`, {
      headers: { host: 'evil.example', origin: 'http://evil.example' },
    });
    const [, response] = await once(socket, 'unexpected-response');
    expect(response.statusCode).toBe(403);
  });

  it('accepts configured host names, and any host name with a key', async () => {
    const named = await toyServer({ allowedHosts: ['Voices.example'] });
    const head = (host: string, more = '') => `GET /metrics HTTP/1.1\r\nHost: ${host}\r\n${more}`;
    expect(await ask(named, head('voices.example:80'))).toBe(200);
    expect(await ask(named, head('other.example'))).toBe(403);
    const keyed = await toyServer({ keys: KEYS });
    expect(await ask(keyed, head('any.example', `Authorization: Bearer ${KEYS[0]?.key}\r\n`))).toBe(200);
  });

  it('rejects cross-site requests, unless their origin is allowed', async () => {
    const post = (server: RunningServer, path: string, site: string, origin: string) =>
      ask(
        server,
        `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: ${site}\r\nOrigin: ${origin}\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n`,
        'x',
      );
    const closed = await toyServer();
    const open = await toyServer({ corsOrigins: ['https://a.example'] });
    for (const path of ['/v1/infer', '/v1/diarize']) {
      expect(await post(closed, path, 'cross-site', 'https://a.example')).toBe(403);
      expect(await post(closed, path, 'cross-site', 'null')).toBe(403);
      expect(await post(closed, path, 'same-origin', closed.url)).toBe(200);
      expect(await post(open, path, 'cross-site', 'https://a.example')).toBe(200);
      expect(await post(open, path, 'cross-site', 'https://b.example')).toBe(403);
    }
  });
});

describe('an ambiguous request', () => {
  it('is rejected: two hosts, an encoded body, an invalid target of a WebSocket', async () => {
    const server = await toyServer();
    expect(await ask(server, 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: localhost\r\n')).toBe(400);
    for (const path of ['/v1/infer', '/v1/diarize', '/v2/models/toy/infer']) {
      const encoded = (coding: string) =>
        ask(
          server,
          `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Encoding: ${coding}\r\nContent-Length: 1\r\n`,
          'x',
        );
      expect([await encoded('br'), await encoded('x'), await encoded('identity')], path).toEqual([415, 415, 200]);
    }
    const stream = (more: string) =>
      ask(server, `GET /v1/stream?sampleRate=16000 HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}`);
    // Named, but not asked for.
    expect(await stream('Upgrade: websocket\r\n')).toBe(426);
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
    const { text, closed } = await rawClient(
      server.url,
      `GET http://[/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n${upgrade}`,
    );
    await closed;
    expect(statuses(text())).toEqual([400]);
  });
});

describe('behind a proxy', () => {
  it('clients have separate quotas if the proxy is trusted, and otherwise share one', async () => {
    const post = (server: RunningServer, path: string, client: string) =>
      fetch(`${server.url}${path}`, { method: 'POST', body: 'x', headers: { 'x-forwarded-for': client } });
    const trusting = await toyServer({ quotaPerMinute: 1, trustedProxies: ['127.0.0.0/8'] });
    for (const [path, client, status] of [
      ['/v1/infer', '1.1.1.1', 200],
      ['/v1/diarize', '1.1.1.1', 429],
      ['/v1/diarize', '9.9.9.9, 2.2.2.2', 200],
      ['/v1/infer', '8.8.8.8, 2.2.2.2', 429],
      ['/v1/infer', '2001:db8:1:2::1', 200],
      ['/v1/infer', '2001:db8:1:2:ffff::9', 429],
    ] as const) {
      expect((await post(trusting, path, client)).status, `${path} ${client}`).toBe(status);
    }
    const doubting = await toyServer({ quotaPerMinute: 1 });
    expect((await post(doubting, '/v1/infer', '1.1.1.1')).status).toBe(200);
    expect((await post(doubting, '/v1/infer', '2.2.2.2')).status).toBe(429);
  });
});

describe('keys', () => {
  it('are not in the environment of the workers, where native code parses untrusted input', async () => {
    const server = await spawnServer([process.execPath, NODE_ENTRY], {
      VOICEFLOW_WORKERS: '1',
      VOICEFLOW_API_KEYS: 'me:secret-0123456789abcdef',
    });
    const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim().split(' ');
    expect(children).toHaveLength(1);
    for (const pid of children) expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).not.toContain('secret-0123');
    // Without it a worker's heap grows with all that recordings once took.
    for (const pid of children) expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).toContain('MALLOC_TRIM_');
    await server.close();
    expect(server.log.join('\n')).not.toContain('secret-0123');
  });
});

describe('live sessions', () => {
  const open = (server: RunningServer, key?: string) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/stream?sampleRate=16000`, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    });
    const messages: { type: string; code?: string; message?: string }[] = [];
    socket.on('message', (text) => messages.push(JSON.parse(String(text))));
    socket.on('error', () => {});
    return { socket, messages };
  };

  it('are shared: one key gets three of four places', async () => {
    const keys = ['a', 'b'].map((name) => ({ name, key: `${name}-0123456789abcdef` }));
    const log: LogEntry[] = [];
    const server = await toyServer({ keys, limits: { sessions: 4 }, log: (entry) => log.push(entry) });
    const own = Array.from({ length: 4 }, () => open(server, keys[0]?.key));
    await until(() => own.every(({ messages }) => messages.length > 0));
    const refused = own.filter(({ messages }) => messages[0]?.type === 'error');
    expect(refused.map(({ messages }) => messages[0]?.message)).toEqual([
      expect.stringMatching(/this key has 3 open live sessions/),
    ]);
    const other = open(server, keys[1]?.key);
    await until(() => other.messages.length > 0);
    expect(other.messages[0]?.type).toBe('ready');
    for (const { socket } of [...own, other]) socket.terminate();
    await until(() => server.app.active === 0);
  });

  it('without audio for a minute are closed when another client needs the place', async () => {
    const server = await toyServer({ limits: { sessions: 2, idleBodyMs: 600_000 }, log: () => {} });
    const [speaks, falls] = [open(server), open(server)];
    await until(() => [speaks, falls].every(({ messages }) => messages[0]?.type === 'ready'));
    const refused = open(server);
    await until(() => refused.messages.length > 0);
    expect(refused.messages[0]?.message).toMatch(/2 live sessions are open/);
    const now = performance.now();
    // Its clock begins with 0.
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      vi.advanceTimersByTime(now + 61_000);
      speaks.socket.send(new Float32Array(1_600));
      // Answered in turn: the audio is there by then.
      speaks.socket.ping();
      await once(speaks.socket, 'pong');
      const next = open(server);
      await until(() => next.messages.length > 0 && falls.socket.readyState === WebSocket.CLOSED);
      expect(next.messages[0]?.type).toBe('ready');
      expect(falls.messages.at(-1)).toMatchObject({ type: 'error', code: 'overloaded' });
      expect(speaks.socket.readyState).toBe(WebSocket.OPEN);
      for (const { socket } of [speaks, next]) socket.terminate();
      await until(() => server.app.active === 0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('do not keep others waiting: of thousands of messages at once, one is processed in each turn', async () => {
    const server = await toyServer();
    const { parse: original } = JSON;
    const parse = vi.spyOn(JSON, 'parse');
    let turns = 0;
    const ofTurn: number[] = [];
    try {
      const next = () => {
        turns++;
        if (ofTurn.length < 1_000) setImmediate(next);
      };
      setImmediate(next);
      parse.mockImplementation((text) => {
        if (text.length > 2) return original(text);
        ofTurn.push(turns);
        return { type: 'keep-alive' };
      });
      const message = (text: string) => `\x81${String.fromCharCode(0x80 + text.length)}\0\0\0\0${text}`;
      const handshake = 'GET /v1/stream?sampleRate=16000 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n';
      const websocket =
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
      const bytes = `${handshake}${websocket}${message('{}').repeat(1_000)}`;
      const { socket } = await rawClient(server.url, Buffer.from(bytes, 'latin1'));
      await until(() => ofTurn.length === 1_000);
      expect(new Set(ofTurn).size).toBe(1_000);
      socket.destroy();
    } finally {
      parse.mockRestore();
    }
  });
});
