import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { seededRandom } from 'voiceflow-ml/testing';
import { judgeLoad } from '../sla.ts';
import { arrivals, closedLoop, openLoop, warmUp } from './loops.ts';
import { startNullServer } from './null-server.ts';
import { parseServerTiming } from './server-timing.ts';
import { createHttpTarget, INFER_ANSWER_BYTES } from './target.ts';

const BODY = new Uint8Array(48_000 * 4);
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const listen = (listener: RequestListener) => listenWith(createServer(listener));

async function listenWith(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function target(url: string, connections: number, more: { timeout?: number } = {}) {
  const made = createHttpTarget({ url, body: BODY, connections, minimumBytes: INFER_ANSWER_BYTES, ...more });
  closing.push(async () => made[Symbol.dispose]());
  return made;
}

/** Answers well after `model` milliseconds. */
function serving(model: number): RequestListener {
  return (incoming, response) => {
    incoming.resume();
    incoming.on('end', () =>
      setTimeout(() => {
        response.setHeader('server-timing', `queue;dur=0.5, model;dur=${model}, total;dur=${model + 1}`);
        response.setHeader('x-served-by', 'one');
        response.end(Buffer.alloc(INFER_ANSWER_BYTES));
      }, model),
    );
  };
}

describe('parseServerTiming', () => {
  it('reads the parts, and ignores other entries', () => {
    expect(parseServerTiming('queue;dur=0.4, Model;desc="the, network";dur=9.1,cache, total;dur="9.9"')).toMatchObject({
      queue: 0.4,
      total: 9.9,
    });
    expect(parseServerTiming(['a;dur=1', 'b;dur=2'])).toEqual({ a: 1, b: 2 });
    expect(parseServerTiming(undefined)).toEqual({});
    expect(parseServerTiming('nonsense;dur=x;;,')).toEqual({});
  });
});

describe('closed loop', () => {
  it('sends each request once at the requested concurrency, and records the server timings', async () => {
    let seen = 0;
    let most = 0;
    let open = 0;
    const url = await listen((incoming, response) => {
      seen++;
      most = Math.max(most, ++open);
      response.on('finish', () => open--);
      expect(incoming.method).toBe('POST');
      expect(incoming.url).toBe('/v1/infer');
      expect(incoming.headers['content-length']).toBe(String(BODY.byteLength));
      serving(20)(incoming, response);
    });
    const load = target(url, 4);
    await warmUp(load, 8, 4);
    const result = await closedLoop(load, { requests: 40, concurrency: 4 });
    expect(seen).toBe(48);
    expect(most).toBe(4);
    expect(result).toMatchObject({ requests: 40, succeeded: 40, successRate: 1, failures: {}, servedBy: { one: 40 } });
    expect(result.latency?.min).toBeGreaterThanOrEqual(19);
    expect(result.server.model).toMatchObject({ count: 40, p99: 20 });
    expect(result.server.queue?.p50).toBe(0.5);
    expect(result.latency?.count).toBe(40);
    expect(result.littlesLaw.implied).toBeGreaterThan(2);
    expect(result.littlesLaw.implied).toBeLessThanOrEqual(4.001);
  });

  it('fails the verdict for a slow server only', async () => {
    const verdicts = async (url: string) => {
      const result = await closedLoop(target(url, 2), { requests: 10, concurrency: 2 });
      return judgeLoad(result);
    };
    expect((await verdicts(await listen(serving(120)))).map((v) => v.kept)).toEqual([false, false, true]);
    const fast = await verdicts(await listen(serving(1)));
    expect(fast[0]?.kept).toBe(true);
    expect(fast[2]?.kept).toBe(true);
  });

  it('counts errors by class and excludes them from latencies', async () => {
    let turn = 0;
    const url = await listen((incoming, response) => {
      const now = turn++ % 5;
      incoming.resume();
      incoming.on('end', () => {
        if (now === 0) response.writeHead(503, { 'retry-after': '1' }).end('{}');
        else if (now === 1) incoming.socket.destroy();
        else if (now === 2) response.end('short');
        else response.end(Buffer.alloc(INFER_ANSWER_BYTES));
      });
    });
    const result = await closedLoop(target(url, 1), { requests: 50, concurrency: 1 });
    expect(result.failures).toEqual({ 'http-503': 10, reset: 10, 'bad-body': 10 });
    expect(result.successRate).toBe(0.4);
    expect(result.latency?.count).toBe(20);
  });

  it('classifies timeouts and refused connections', async () => {
    const silent = await listen((incoming) => incoming.resume());
    const late = await closedLoop(target(silent, 1, { timeout: 50 }), { requests: 1, concurrency: 1 });
    expect(late.failures).toEqual({ timeout: 1 });
    const gone = await startNullServer();
    await gone.close();
    const refused = await closedLoop(target(gone.url, 1), { requests: 1, concurrency: 1 });
    expect(refused.failures).toEqual({ refused: 1 });
  });

  it('stops on abort', async () => {
    const null_ = await startNullServer();
    closing.push(() => null_.close());
    const controller = new AbortController();
    const result = await closedLoop(target(null_.url, 1), {
      requests: 1000,
      concurrency: 1,
      signal: controller.signal,
      onProgress: (done) => done === 5 && controller.abort(),
    });
    expect(result.requests).toBe(5);
  });

  it('rejects an invalid address', () => {
    for (const url of ['', 'localhost:1', 'https://a/', 'ftp://a']) {
      expect(() => target(url, 1)).toThrow(VoiceFlowError);
    }
  });
});

describe('open loop', () => {
  it('schedules requests at even intervals without drift, or at seeded random ones of the same rate', () => {
    const even = [...arrivals(1000, 2)];
    expect(even).toHaveLength(2000);
    expect(even[1999]).toBe(1999);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (seed) => {
        const times = [...arrivals(500, 10, seededRandom(seed))];
        expect(Math.abs(times.length - 5000)).toBeLessThan(6 * Math.sqrt(5000));
        expect(times.every((t, i) => t < 10_000 && t >= (times[i - 1] ?? 0))).toBe(true);
      }),
      { seed: 7, numRuns: 20 },
    );
  });

  it('includes a stall in the latency of every delayed request, unlike the uncorrected latency', async () => {
    let served = 0;
    const url = await listen((incoming, response) => {
      const stall = served++ === 20 ? 600 : 0;
      setTimeout(() => serving(0)(incoming, response), stall);
    });
    const result = await openLoop(target(url, 1), { rate: 100, seconds: 1, connections: 1 });
    expect(result.requests).toBe(100);
    expect(result.successRate).toBe(1);
    // 600 ms at 100 a second: about 60 of 100 requests became due, the first of them waiting longest.
    expect(result.latency?.p90).toBeGreaterThan(300);
    expect(result.latency?.p95).toBeGreaterThan(300);
    expect(result.uncorrected?.p95).toBeLessThan(result.latency?.p95 ?? 0);
    expect(result.lateness?.max).toBeGreaterThan(300);
  });

  it('keeps sending while responses are pending', async () => {
    // None is answered before all are there.
    const pending: (() => void)[] = [];
    const url = await listen((incoming, response) => {
      pending.push(() => serving(0)(incoming, response));
      if (pending.length === 30) for (const answer of pending) answer();
    });
    const load = target(url, 50, { timeout: 240_000 });
    const result = await openLoop(load, { rate: 100, seconds: 0.3, connections: 50 });
    expect(result).toMatchObject({ requests: 30, succeeded: 30 });
    expect(result.littlesLaw.observed).toBeGreaterThan(0);
  });
});
