import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it, vi } from 'vitest';
import { requestOutside } from './request.ts';

afterEach(() => void vi.useRealTimers());

async function withServer(listener: RequestListener, use: (address: string) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const request = (address: string, timeoutMs: number) =>
  requestOutside(address, { method: 'GET', allowPrivate: true, timeoutMs, redirects: 1 });

it('limits the time to the header, not that of the body', async () => {
  // Only the deadline: the timers of Node's HTTP are its own.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let finish = () => {};
  await withServer(
    (asked, response) => {
      if (asked.url === '/') return void response.writeHead(302, { location: '/next' }).end();
      response.write('first ');
      finish = () => response.end('last');
    },
    async (address) => {
      const body = text(await request(address, 1_000));
      await vi.advanceTimersByTimeAsync(2_000);
      finish();
      expect(await body).toBe('first last');
    },
  );
});

it('fails when no header arrives in time', async () => {
  await withServer(
    () => {},
    async (address) => {
      await expect(request(address, 50)).rejects.toMatchObject({
        permanent: false,
        message: 'it did not respond within 50 ms',
      });
    },
  );
});
