import { once } from 'node:events';
import type { RunningServer } from '@voiceflow-ml/server/node';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../security/sockets.ts';
import { toyServer } from './toy-server.ts';

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
