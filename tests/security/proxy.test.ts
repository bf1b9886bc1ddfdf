/** Behind the nginx configuration that is deployed. */
import { once } from 'node:events';
import { serveNode } from '@voiceflow-ml/server/node';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { findNginx, startNginx } from '../../bench/src/scale-out/nginx.ts';
import { TOY } from '../server/harness.ts';
import { until } from './sockets.ts';

const nginx = findNginx();
const skipped = nginx === undefined ? ' (skipped: nginx is not installed: apt-get install nginx-light)' : '';

describe.skipIf(skipped !== '')(`nginx with the deployed configuration${skipped}`, () => {
  it('forwards WebSockets of own pages and client addresses, and logs no keys', async () => {
    const key = 'secret-0123456789abcdef';
    const server = await serveNode({
      port: 0,
      workers: 1,
      command: TOY,
      log: () => {},
      keys: [{ name: 'me', key }],
    });
    const quota = await serveNode({
      port: 0,
      workers: 1,
      command: TOY,
      log: () => {},
      quotaPerMinute: 1,
      trustedProxies: ['127.0.0.1'],
    });
    const balancers = await Promise.all(
      [server, quota].map(({ url }) => startNginx(nginx ?? '', [Number(new URL(url).port)])),
    );
    const [first, second] = balancers;
    try {
      const url = `${first?.url.replace('http', 'ws')}/v1/stream?sampleRate=16000&access_token=${key}`;
      const socket = new WebSocket(url, { origin: first?.url ?? '' });
      const [text] = await once(socket, 'message');
      expect(JSON.parse(String(text))).toMatchObject({ type: 'ready' });
      socket.close();
      await once(socket, 'close');
      const other = new WebSocket(url, { origin: 'http://evil.example' });
      const [, response] = await once(other, 'unexpected-response');
      expect(response.statusCode).toBe(403);
      await until(
        async () => ((await first?.log()) ?? '').split('\n').filter((line) => line.includes('/v1/stream')).length === 2,
      );
      expect(await first?.log()).not.toContain('secret');
      expect((await fetch(`${first?.url}/metrics`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(404);
      // Whatever the client writes there itself: it is who nginx says it is.
      const statuses = [];
      for (const claimed of ['1.1.1.1', '2.2.2.2']) {
        const asked = await fetch(`${second?.url}/v1/diarize`, {
          method: 'POST',
          body: 'x',
          headers: { 'x-forwarded-for': claimed },
        });
        statuses.push(asked.status);
      }
      expect(statuses).toEqual([200, 429]);
    } finally {
      await Promise.all(balancers.map((balancer) => balancer.stop()));
      await Promise.all([server.close(), quota.close()]);
    }
  });
});
