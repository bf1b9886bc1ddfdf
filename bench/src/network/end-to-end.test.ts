import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { INFER_ANSWER_BYTES } from '../load/target.ts';
import { breakDown, measureEndToEnd } from './end-to-end.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function server(timing: string): Promise<string> {
  const made = createServer((incoming, response) => {
    incoming.resume();
    incoming.on('end', () => {
      response.setHeader('server-timing', timing);
      response.end(Buffer.alloc(INFER_ANSWER_BYTES));
    });
  });
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  closing.push(
    () =>
      new Promise((resolve) => {
        made.close(() => resolve());
        made.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

describe('breakDown', () => {
  it('returns four parts that add up to the total', () => {
    const parts = breakDown(50, { queue: 1, decode: 2, model: 9, total: 14 });
    expect(parts).toEqual({ network: 36, server: 4, queue: 1, model: 9 });
    expect(breakDown(50, {})).toEqual({ network: 50, server: 0, queue: 0, model: 0 });
  });
});

describe('measureEndToEnd', () => {
  it('attributes the injected delay to the network, and other time to its component', async () => {
    const url = await server('queue;dur=0.25, decode;dur=0.25, model;dur=1, total;dur=2');
    const network = { rtt: [40, 50], jitter: 0, loss: 0 } as const;
    const result = await measureEndToEnd({ url, iterations: 12, concurrency: 2, network });
    expect(result.load).toMatchObject({ requests: 12, successRate: 1 });
    expect(result.parts.network?.count).toBe(12);
    expect(result.parts.network?.min).toBeGreaterThanOrEqual(37);
    expect(result.parts).toMatchObject({ server: { mean: 0.75 }, queue: { mean: 0.25 }, model: { mean: 1 } });
  });

  it('misses the limit on a network that is slower than the limit', async () => {
    const url = await server('model;dur=1, total;dur=2');
    const network = { rtt: [110, 110], jitter: 0, loss: 0 } as const;
    const result = await measureEndToEnd({ url, iterations: 3, concurrency: 1, network });
    expect(result.verdicts.map((verdict) => verdict.kept)).toEqual([true, false, true]);
  });
});
