import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { NODE_ENTRY, spawnServer } from './harness.ts';
import { toyServer } from './toy-server.ts';

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
