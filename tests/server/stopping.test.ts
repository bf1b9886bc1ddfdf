import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { NO_HURRY_ENV, NODE_ENTRY, spawnServer, windowBytes } from './harness.ts';
import { post, toyServer } from './toy-server.ts';

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
