import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { repeatedWav } from '../conversation.ts';
import { formatSessions, runSessions } from './sessions.ts';

const PCM = { sampleRate: 8000, bytes: new Uint8Array(8000) };
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listen(onSession: (socket: WebSocket, url: string) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket, request) => onSession(socket, request.url ?? ''));
  await new Promise((resolve) => server.once('listening', resolve));
  closing.push(
    () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate();
        server.close(() => resolve());
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('runSessions', () => {
  it('sends the audio of each session in real time and measures its events', async () => {
    const urls: string[] = [];
    const bytes: number[] = [];
    const url = await listen((socket, path) => {
      urls.push(path);
      let received = 0;
      socket.send('{"type":"ready"}');
      socket.on('message', (data: Buffer, binary) => {
        if (binary) received += data.byteLength;
        else {
          bytes.push(received);
          socket.send('{"type":"end"}');
        }
        if (received === 3200) socket.send('{"type":"turn-end","start":0,"end":0.2}');
      });
    });
    const result = await runSessions({ url, sessions: 3, seconds: 1, seed: 1, pcm: PCM });
    expect(result).toMatchObject({ sessions: 3, succeeded: 3, failures: {} });
    expect(bytes).toEqual([16_000, 16_000, 16_000]);
    expect(urls).toEqual(Array(3).fill('/v1/stream?encoding=s16le&sampleRate=8000'));
    expect(result.events).toEqual({ ready: 3, 'turn-end': 3, end: 3 });
    expect(result.turnEnd?.count).toBe(3);
    // Fed at once, the 0.2 s of a turn would be there 200 ms before their time; a timer is early by a few at most.
    expect(result.turnEnd?.min).toBeGreaterThan(-100);
    expect(formatSessions(result)).toContain('3 of 3 succeeded (100 %)');
  });

  it('reports the failure of each session', async () => {
    let turn = 0;
    const url = await listen((socket) => {
      const now = turn++;
      if (now === 0) socket.close(1013);
      else if (now === 1) socket.send('no json');
      else socket.send('{"type":"error"}');
    });
    const result = await runSessions({ url, sessions: 3, seconds: 1, seed: 1, pcm: PCM });
    expect(result.failures).toEqual({ 'closed-1013': 1, 'bad-event': 1, 'error-event': 1 });
    expect(result.succeeded).toBe(0);
  });
});

describe('repeatedWav', () => {
  it('repeats the samples to the requested length, and truncates the last repetition', () => {
    const bytes = Uint8Array.from({ length: 8000 }, (_, i) => i & 0xff);
    const wav = repeatedWav({ ...PCM, bytes, header: new Uint8Array(44) }, 1.25);
    expect(wav.byteLength).toBe(44 + 20_000);
    expect(wav.subarray(44, 8044)).toEqual(bytes);
    expect(wav.subarray(8044, 16_044)).toEqual(bytes);
    expect(wav.subarray(16_044)).toEqual(bytes.subarray(0, 4000));
    expect(new DataView(wav.buffer).getUint32(4, true)).toBe(wav.byteLength - 8);
  });
});
