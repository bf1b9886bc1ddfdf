import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { VoiceFlowClient } from './client.ts';

type Answer = () => Response;

const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ status, code, detail: 'told' }), { status, headers });
const succeeded = () => Response.json({ id: 'j', state: 'succeeded', progress: null, result: { duration: 1 } });
const refused = (): never => {
  throw new TypeError('fetch failed');
};
const lost = () =>
  new Response(
    new ReadableStream({
      start: (controller) => controller.error(new TypeError('terminated')),
    }),
  );

/** Jobs of a server that gives these answers, the last one again and again, and the requests to it. */
function jobsOf(...answers: Answer[]) {
  const asked: string[] = [];
  const fetch = async (url: string, init?: RequestInit) => {
    init?.signal?.throwIfAborted();
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? refused;
    asked.push(`${init?.method} ${url}`);
    return answer();
  };
  return { asked, jobs: new VoiceFlowClient({ url: 'http://x', fetch }).jobs };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('jobs.wait', () => {
  it.each<[string, Answer]>([
    ['a full server', () => problem(503, 'overloaded')],
    ['a quota', () => problem(429, 'quota-exceeded')],
    ['a defect of the server', () => problem(500, 'internal')],
    ['a proxy', () => new Response('<h1>Bad gateway', { status: 502 })],
    ['a refused connection', refused],
    ['a connection that is lost during the response', lost],
  ])('outlasts %s', async (_, failure) => {
    const { asked, jobs } = jobsOf(failure, failure, succeeded);
    const result = jobs.wait('j');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await result).toEqual({ duration: 1 });
    expect(asked).toHaveLength(3);
  });

  it.each<[number, string]>([
    [404, 'not-found'],
    [401, 'unauthorized'],
    [400, 'invalid-option'],
  ])('rejects at once for status %s', async (status, code) => {
    const { asked, jobs } = jobsOf(() => problem(status, code));
    await expect(jobs.wait('j')).rejects.toMatchObject({ status, message: 'told' });
    expect(asked).toEqual(['GET http://x/v1/jobs/j?wait=30']);
  });

  it('rejects at once for an address that is not of a server', async () => {
    const { asked, jobs } = jobsOf(() => new Response('<h1>Welcome'));
    await expect(jobs.wait('j')).rejects.toMatchObject({ status: 200, code: 'backend-failed' });
    expect(asked).toHaveLength(1);
  });

  it('waits as long as the server tells', async () => {
    const { asked, jobs } = jobsOf(() => problem(429, 'quota-exceeded', { 'retry-after': '20' }), succeeded);
    const result = jobs.wait('j');
    await vi.advanceTimersByTimeAsync(19_999);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await result).toEqual({ duration: 1 });
  });

  it('stops on abort while the server is away', async () => {
    // No timer ends: only the signal can end the pause.
    const { asked, jobs } = jobsOf(refused);
    const stop = new AbortController();
    const result = jobs.wait('j', { signal: stop.signal });
    queueMicrotask(() => stop.abort());
    await expect(result).rejects.toMatchObject({ code: 'aborted' });
    expect(asked.length).toBeLessThanOrEqual(1);
  });
});

describe('jobs.submit', () => {
  const audio = new Uint8Array(4);
  const queued = () => Response.json({ id: 'j', state: 'queued' }, { status: 202 });

  it('is repeated with an idempotency key while the server is full or away', async () => {
    const { asked, jobs } = jobsOf(refused, () => problem(503, 'overloaded'), lost, queued);
    const job = jobs.submit(audio, { idempotencyKey: 'k' });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await job).toMatchObject({ id: 'j' });
    expect(asked).toHaveLength(4);
  });

  it('rejects when the server stays away', async () => {
    const { asked, jobs } = jobsOf(refused);
    const job = expect(jobs.submit(audio, { idempotencyKey: 'k' })).rejects.toMatchObject({ status: 0 });
    await vi.advanceTimersByTimeAsync(600_000);
    await job;
    expect(asked).toHaveLength(10);
  });

  it('waits for about a minute in all, also when the server tells how long, and says why', async () => {
    const { asked, jobs } = jobsOf(() => problem(503, 'overloaded', { 'retry-after': '25' }));
    const onRetry = vi.fn();
    const options = { idempotencyKey: 'k', onRetry };
    const job = expect(jobs.submit(audio, options)).rejects.toMatchObject({ status: 503, retryAfter: 25 });
    await vi.advanceTimersByTimeAsync(600_000);
    await job;
    expect(asked).toEqual(Array(3).fill('POST http://x/v1/jobs'));
    const full = expect.objectContaining({ code: 'overloaded' });
    expect(onRetry.mock.calls).toEqual([
      [full, 0],
      [full, 25_000],
    ]);
  });

  it('rejects at once when the server tells a longer pause', async () => {
    const { asked, jobs } = jobsOf(() => problem(429, 'quota-exceeded', { 'retry-after': '600' }));
    const job = expect(jobs.submit(audio, { idempotencyKey: 'k' })).rejects.toMatchObject({ retryAfter: 600 });
    await vi.advanceTimersByTimeAsync(6_000_000);
    await job;
    expect(asked).toHaveLength(1);
  });

  it('is sent once without a key, and after an error that is not temporary', async () => {
    const away = jobsOf(refused);
    await expect(away.jobs.submit(audio)).rejects.toMatchObject({ status: 0, code: 'backend-failed' });
    const invalid = jobsOf(() => problem(422, 'invalid-audio'));
    await expect(invalid.jobs.submit(audio, { idempotencyKey: 'k' })).rejects.toMatchObject({ code: 'invalid-audio' });
    expect([away.asked, invalid.asked].map(({ length }) => length)).toEqual([1, 1]);
  });
});
