import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { Leftovers } from './leftovers.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

const SIZE = 1_000_000;

/** A server that answers before the body comes. */
async function refusing() {
  const leftovers = new Leftovers();
  const server = createServer((incoming, outgoing) => {
    leftovers.afterResponse(incoming, outgoing);
    outgoing.writeHead(413).end('no');
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { leftovers, port: (server.address() as AddressInfo).port };
}

/** A client of such a server that has read its answer. */
async function refused(length = SIZE) {
  const { leftovers, port } = await refusing();
  const client = connect(port, '127.0.0.1').setEncoding('latin1');
  const failures: unknown[] = [];
  client.on('error', (error) => failures.push(error));
  let text = '';
  client.on('data', (more) => {
    text += more;
  });
  client.write(`POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${length}\r\n\r\n`);
  await once(client, 'data');
  return { client, leftovers, failures, text: () => text };
}

/** A client that is cut off may get an error first (EPIPE, ECONNRESET). */
function closed(client: Socket): Promise<void> {
  return new Promise((resolve) => {
    client.on('error', () => {}).once('close', () => resolve());
  });
}

it('the rest of a slow body is read, and the connection stays open', async () => {
  const { client, failures, text } = await refused();
  for (let sent = 0; sent < SIZE; sent += SIZE / 8) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    client.write(Buffer.alloc(SIZE / 8));
  }
  client.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  while (text().split('HTTP/1.1 413').length < 3) await once(client, 'data');
  expect(failures).toEqual([]);
  client.destroy();
});

it.each([
  'HTTP/1.1\r\nhost: localhost\r\nconnection: keep-alive',
  'HTTP/1.1\r\nhost: localhost\r\nconnection: close',
  'HTTP/1.0',
])('the rest is read from a client that writes everything before it reads: %j', async (head) => {
  const { port } = await refusing();
  // More than the system keeps for a connection.
  const size = 40_000_000;
  const client = connect(port, '127.0.0.1').setEncoding('latin1');
  client.write(`POST / ${head}\r\ncontent-length: ${size}\r\n\r\n`);
  const half = Buffer.alloc(size / 2);
  await new Promise((resolve, reject) => {
    client.once('error', reject);
    client.write(half, () => client.write(half, resolve));
  });
  const [respond] = await once(client, 'data');
  expect(respond).toMatch(/^HTTP\/1\.1 413 /);
  client.destroy();
});

it('the server stops waiting for a body that does not arrive', async () => {
  const { client } = await refused();
  client.write('some');
  await closed(client);
});

it('the rest is read up to a limit, then the connection is closed', async () => {
  const { client } = await refused(2 ** 32);
  const chunk = Buffer.alloc(8 * 1024 * 1024);
  let chunks = 0;
  const sending = setInterval(() => {
    if (client.writableNeedDrain) return;
    client.write(chunk);
    chunks++;
  }, 50);
  await closed(client);
  clearInterval(sending);
  // 64 MiB, and what comes until that is noticed; by the time alone it would be thousands of them.
  expect(chunks).toBeGreaterThanOrEqual(8);
  expect(chunks).toBeLessThan(64);
});

it('the wait is shorter when the server shuts down', async () => {
  const { client, leftovers } = await refused();
  const dripping = setInterval(() => client.write('x'), 20);
  leftovers.shorten();
  await closed(client);
  clearInterval(dripping);
});

it('the rest is read immediately after the process was blocked', async () => {
  const { client, failures, text } = await refused();
  client.write(Buffer.alloc(SIZE));
  client.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  // The check is due before what was sent is read.
  const until = performance.now() + 2_500;
  while (performance.now() < until);
  while (text().split('HTTP/1.1 413').length < 3) await once(client, 'data');
  expect(failures).toEqual([]);
  client.destroy();
});
