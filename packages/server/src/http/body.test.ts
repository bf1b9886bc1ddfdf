import fc from 'fast-check';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { joinChunks } from '../engine/runner/bytes.ts';
import { type Body, ByteBudget, collectBody, openWebStream, streamBody } from './body.ts';

/** Collects the body of one request as a route would. */
async function collect(
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>,
  {
    maxBytes = 1000,
    idleMs = 1000,
    budget = new ByteBudget(10_000_000),
    signal = new AbortController().signal,
    headers = {},
  } = {},
): Promise<Body> {
  const app = new Hono();
  let found: Promise<Body> | undefined;
  app.post('/', (c) => {
    const claimed = Number(c.req.header('content-length'));
    found = collectBody({ maxBytes, idleMs, budget, signal, body: openWebStream(c), claimed });
    found.catch(() => {});
    return c.body(null);
  });
  const init = { method: 'POST', body, headers, duplex: 'half' } as RequestInit;
  await app.request('/', init);
  if (found === undefined) throw new Error('the route did not run');
  return found;
}

function streamOf(chunks: readonly Uint8Array[], canceled = vi.fn()): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const next = left.shift();
      if (next === undefined) controller.close();
      else controller.enqueue(next);
    },
    cancel: canceled,
  });
}

describe('collectBody', () => {
  it('returns the received bytes for any chunks, with small ones combined', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20_000), { maxLength: 30 }), fc.nat(), async (sizes, seed) => {
        const chunks = sizes.map((size, at) => new Uint8Array(size).map((_, i) => (i * 7 + at + seed) & 255));
        const body = await collect(streamOf(chunks), { maxBytes: 1_000_000 });
        const all = joinChunks(chunks);
        expect(Buffer.from(joinChunks(body.chunks)).equals(Buffer.from(all))).toBe(true);
        expect(body.bytes).toBe(all.length);
        expect(body.chunks.length).toBeLessThanOrEqual(Math.ceil(all.length / 4096) + 1);
      }),
      { seed: 5, numRuns: 40 },
    );
  });

  it('stores many small chunks as one', async () => {
    const body = await collect(streamOf(Array.from({ length: 5000 }, () => new Uint8Array(1))), { maxBytes: 5000 });
    expect(body.chunks).toHaveLength(1);
  });

  it('rejects by the declared length before reading, and otherwise by the received length', async () => {
    const canceled = vi.fn();
    const announced = collect(streamOf([new Uint8Array(10)], canceled), { headers: { 'content-length': '1001' } });
    await expect(announced).rejects.toMatchObject({ code: 'audio-too-large' });
    const open = collect(streamOf([new Uint8Array(600), new Uint8Array(600), new Uint8Array(600)], canceled));
    await expect(open).rejects.toThrow(/1200 bytes or more, the limit is 1000/);
    expect(canceled).toHaveBeenCalledOnce();
  });

  it('counts all bodies together, and releases the bytes of a failed one', async () => {
    const budget = new ByteBudget(1000);
    const first = await collect(new Uint8Array(700), { budget });
    expect(budget.used).toBe(700);
    const second = collect(streamOf([new Uint8Array(200), new Uint8Array(200)]), { budget });
    await expect(second).rejects.toMatchObject({ code: 'overloaded', retryAfter: 1 });
    expect(budget.used).toBe(700);
    first.release();
    first.release();
    expect(budget.used).toBe(0);
  });

  it('rejects a truncated body, or one whose sender disconnected', async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('reset')),
    });
    await expect(collect(broken)).rejects.toMatchObject({ code: 'aborted' });
    const endless = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
    const leaving = new AbortController();
    const found = collect(endless, { signal: leaving.signal });
    leaving.abort();
    await expect(found).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('an idle sender', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is awaited while data arrives in time', async () => {
    let send: (bytes: Uint8Array) => void = () => {};
    const slow = new ReadableStream<Uint8Array>({
      start: (controller) => {
        send = (bytes) => controller.enqueue(bytes);
      },
    });
    const outcome = collect(slow, { idleMs: 100, maxBytes: 10_000 }).then(
      () => 'done',
      (error) => error.code,
    );
    let settled = false;
    void outcome.then(() => {
      settled = true;
    });
    for (let i = 0; i < 5; i++) {
      send(new Uint8Array(600));
      await vi.advanceTimersByTimeAsync(90);
      expect(settled).toBe(false);
    }
    await vi.advanceTimersByTimeAsync(110);
    expect(await outcome).toBe('deadline-exceeded');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is rejected if it sends too few bytes', async () => {
    let send: (bytes: Uint8Array) => void = () => {};
    const dripping = new ReadableStream<Uint8Array>({
      start: (controller) => {
        send = (bytes) => controller.enqueue(bytes);
      },
    });
    const outcome = collect(dripping, { idleMs: 100 }).catch((error) => error);
    for (let i = 0; i < 4; i++) {
      send(new Uint8Array(1));
      await vi.advanceTimersByTimeAsync(90);
    }
    expect(await outcome).toMatchObject({ code: 'deadline-exceeded', message: /fewer than 1024 bytes/ });
    expect(vi.getTimerCount()).toBe(0);
  });
});

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function* chunks(sizes: readonly number[]): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (const size of sizes) yield new Uint8Array(size);
}

const { signal } = new AbortController();

async function read(body: AsyncIterable<Uint8Array<ArrayBuffer>>, limits = {}, pauseMs = 0): Promise<number> {
  let bytes = 0;
  for await (const chunk of streamBody(body, { maxBytes: 10_000, idleMs: 60_000, signal, ...limits })) {
    bytes += chunk.byteLength;
    if (pauseMs > 0) await sleep(pauseMs);
  }
  return bytes;
}

describe('streamBody', () => {
  it('passes on a body within the limits', async () => {
    expect(await read(chunks([5_000, 0, 5_000]))).toBe(10_000);
  });

  it('rejects a body that is too long, one that pauses, and one that trickles', async () => {
    await expect(read(chunks([5_000, 5_001]))).rejects.toMatchObject({ code: 'audio-too-large' });
    const pausing = (async function* () {
      yield new Uint8Array(1);
      await new Promise(() => {});
    })();
    await expect(read(pausing, { idleMs: 20 })).rejects.toMatchObject({
      code: 'deadline-exceeded',
      message: 'no data of the body was received for 20 ms',
    });
    const trickling = (async function* () {
      for (;;) {
        await sleep(1);
        yield new Uint8Array(1);
      }
    })();
    await expect(read(trickling, { idleMs: 100 })).rejects.toMatchObject({ code: 'deadline-exceeded' });
  });

  it('does not count the time in which the consumer is busy as a pause of the sender', async () => {
    expect(await read(chunks([2_000, 2_000, 2_000]), { idleMs: 20 }, 60)).toBe(6_000);
  });

  it('reports a body that was cut off', async () => {
    const cut = (async function* () {
      yield new Uint8Array(7);
      throw new Error('the connection was closed');
    })();
    await expect(read(cut)).rejects.toMatchObject({
      code: 'aborted',
      message: expect.stringContaining('after 7 bytes'),
    });
  });
});
