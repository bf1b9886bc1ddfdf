import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Connections } from './connections.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A server that keeps connections alive for a moment, and a client of it. */
async function kept(keepAliveTimeout: number): Promise<{ server: Server; client: Socket; ask(): Promise<void> }> {
  const connections = new Connections(30_000);
  const server = createServer(
    { keepAliveTimeout },
    connections.inTurn((_, response) => response.end('well')),
  );
  server.on('timeout', (socket: Socket) => connections.closeIdle(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  open.push(server, connections, { close: () => client.destroy() });
  let text = '';
  client.on('data', (part) => {
    text += part;
  });
  const ask = async () => {
    text = '';
    client.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    while (!text.endsWith('well')) await once(client, 'data');
  };
  return { server, client, ask };
}

describe('a keep-alive connection', () => {
  it('serves a request that was sent as the connection timed out, and is closed when idle', async () => {
    const { server, client, ask } = await kept(50);
    // Awaited from the start: on a busy machine the time may be over before the client has read its response.
    const [timedOut, closed] = [once(server, 'timeout'), once(client, 'close')];
    await ask();
    await timedOut;
    // The client has been told that it ends now; its request was on the way.
    await ask();
    await closed;
  });

  it('ignores the time during which the process was suspended', async () => {
    const { server, client, ask } = await kept(50);
    const timedOut = once(server, 'timeout');
    await ask();
    await timedOut;
    const answered = ask();
    // Both timers are due before the request is read.
    const until = performance.now() + 2_500;
    while (performance.now() < until);
    await answered;
    expect(client.destroyed).toBe(false);
  });
});
