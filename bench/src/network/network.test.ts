import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { seededRandom } from 'voiceflow-ml/testing';
import { closedLoop } from '../load/loops.ts';
import { startNullServer } from '../load/null-server.ts';
import { createHttpTarget } from '../load/target.ts';
import { NetworkModel, rtt } from './model.ts';
import { startProxy } from './proxy.ts';

const PLAIN = { rtt: [20, 20], jitter: 0 } as const;
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('NetworkModel', () => {
  it('delays each direction by half a round-trip time', () => {
    expect(new NetworkModel(PLAIN, seededRandom(1)).delay()).toBe(10);
  });

  it('draws a round-trip time within the range for each exchange, the same for the same seed', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (seed, least, width) => {
          const make = () => new NetworkModel({ rtt: [least, least + width], jitter: 0 }, seededRandom(seed));
          const [one, two] = [make(), make()];
          for (let i = 0; i < 20; i++) {
            one.beginExchange();
            two.beginExchange();
            expect(one.rtt).toBe(two.rtt);
            expect(one.rtt).toBeGreaterThanOrEqual(least);
            expect(one.rtt).toBeLessThanOrEqual(least + width);
          }
        },
      ),
      { seed: 11, numRuns: 50 },
    );
  });

  it('varies around the mean and is never negative', () => {
    const network = new NetworkModel({ ...PLAIN, jitter: 3 }, seededRandom(2));
    const delays = Array.from({ length: 5000 }, () => network.delay());
    expect(delays.reduce((a, b) => a + b) / delays.length).toBeCloseTo(10, 0);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(new Set(delays).size).toBeGreaterThan(1000);
  });
});

describe('rtt', () => {
  const parseRtt = (text: string) => rtt('').read(text, 'rtt');
  it('reads a number or a range, and rejects other text', () => {
    expect(parseRtt('10-40')).toEqual([10, 40]);
    expect(parseRtt(' 25 ')).toEqual([25, 25]);
    for (const bad of ['', '40-10', '-5', '1e3', 'x', '10-', '99999', '10-40-50']) {
      expect(() => parseRtt(bad)).toThrow(VoiceFlowError);
    }
  });
});

describe('startProxy', () => {
  async function echo(): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => void server.close(() => resolve())));
    return (server.address() as AddressInfo).port;
  }

  it('forwards all bytes in order, in both directions, with and without jitter', async () => {
    const targetPort = await echo();
    const proxy = await startProxy({
      rtt: [0, 4],
      jitter: 4,
      targetHost: '127.0.0.1',
      targetPort,
      seed: 5,
    });
    closing.push(async () => proxy[Symbol.asyncDispose]());
    const sent = Buffer.from(Uint32Array.from({ length: 250_000 }, (_, i) => i).buffer);
    const received = await new Promise<Buffer>((resolve, reject) => {
      const parts: Buffer[] = [];
      const socket = connect(proxy.port, '127.0.0.1', () => socket.end(sent));
      socket.on('data', (part) => parts.push(part));
      socket.on('end', () => resolve(Buffer.concat(parts)));
      socket.on('error', reject);
    });
    expect(received.equals(sent)).toBe(true);
  });

  it('delays every request on a keep-alive connection by at least one round-trip time', async () => {
    const server = await startNullServer();
    closing.push(() => server.close());
    const targetPort = Number(new URL(server.url).port);
    const proxy = await startProxy({ rtt: [30, 40], jitter: 0, targetHost: '127.0.0.1', targetPort, seed: 6 });
    closing.push(async () => proxy[Symbol.asyncDispose]());
    const target = createHttpTarget({ url: proxy.url, body: new Uint8Array(192_000), connections: 1 });
    closing.push(async () => target[Symbol.dispose]());
    const result = await closedLoop(target, { requests: 10, concurrency: 1 });
    expect(result.successRate).toBe(1);
    expect(result.latency?.min).toBeGreaterThanOrEqual(29);
  });

  it('resets the client’s connection when the server resets its own', async () => {
    const server = createHttpServer((incoming) => incoming.socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const targetPort = (server.address() as AddressInfo).port;
    closing.push(() => new Promise((resolve) => void server.close(() => resolve())));
    const proxy = await startProxy({ ...PLAIN, targetHost: '127.0.0.1', targetPort, seed: 7 });
    closing.push(async () => proxy[Symbol.asyncDispose]());
    const target = createHttpTarget({ url: proxy.url, body: new Uint8Array(10), connections: 1, timeout: 60_000 });
    closing.push(async () => target[Symbol.dispose]());
    expect((await closedLoop(target, { requests: 2, concurrency: 1 })).failures).toEqual({ reset: 2 });
  });
});
