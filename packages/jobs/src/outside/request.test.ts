import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { requestOutside } from './request.ts';

/** Long enough for two short connections on a busy machine. */
const TIMEOUT_MS = 5_000;

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
  let finish = () => {};
  await withServer(
    (asked, response) => {
      if (asked.url === '/') return void response.writeHead(302, { location: '/next' }).end();
      response.write('first ');
      finish = () => response.end('last');
    },
    async (address) => {
      const body = text(await request(address, TIMEOUT_MS));
      // The deadline of the header has passed by then.
      setTimeout(() => finish(), 1.2 * TIMEOUT_MS);
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
