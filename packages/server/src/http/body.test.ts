import fc from 'fast-check';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { joinChunks } from '../engine/runner/bytes.ts';
import { type Body, ByteBudget, collectBody, pumpWebStream, type ReadBody } from './body.ts';

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
    const read: ReadBody = (onChunk, stop) => pumpWebStream(c, onChunk, stop);
    found = collectBody({ maxBytes, idleMs, budget, signal, read, claimed });
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
