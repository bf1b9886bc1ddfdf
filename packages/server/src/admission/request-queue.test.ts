import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { RequestQueue } from './request-queue.ts';

const NEVER = new AbortController().signal;

/** A request that ends when it is told to. */
function controlled<T = string>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const done = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { work: vi.fn((_signal: AbortSignal) => done), resolve, reject };
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (error) => (VoiceFlowError.isInstance(error) ? error.code : String(error)),
  );

function ticket(deadlineMs = 1000, signal = NEVER, cost = 1) {
  return { cost, deadlineMs, signal };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('RequestQueue', () => {
  it('runs as many requests as there are slots, and the others in order of arrival', async () => {
    const queue = new RequestQueue({ slots: () => 2, maxWaiting: 10, noun: 'test' });
    const requests = Array.from({ length: 5 }, () => controlled());
    const results = requests.map((request) => queue.run(ticket(), request.work));
    await vi.advanceTimersByTimeAsync(0);
    expect(requests.map((request) => request.work.mock.calls.length)).toEqual([1, 1, 0, 0, 0]);
    expect([queue.running, queue.waiting]).toEqual([2, 3]);
    requests[1]?.resolve('b');
    await vi.advanceTimersByTimeAsync(0);
    expect(requests.map((request) => request.work.mock.calls.length)).toEqual([1, 1, 1, 0, 0]);
    for (const request of requests) request.resolve('x');
    await vi.advanceTimersByTimeAsync(0);
    expect(await Promise.all(results)).toEqual(['x', 'b', 'x', 'x', 'x']);
    expect([queue.running, queue.waiting]).toEqual([0, 0]);
  });

  it('extends a renewable deadline while work makes progress', async () => {
    const queue = new RequestQueue({ slots: () => 1, maxWaiting: 10, noun: 'test' });
    const runs = [true, false].map((renewable) => {
      let step: () => void = () => {};
      const work = vi.fn((_signal: AbortSignal, _waited: number, onStep: () => void) => {
        step = onStep;
        return new Promise<string>(() => {});
      });
      return { code: codeOf(queue.run({ ...ticket(100), renewable }, work)), step: () => step() };
    });
    void runs[1]?.code;
    const settled = vi.fn();
    void runs[0]?.code.then(settled);
    for (let i = 0; i < 5; i++) {
      await vi.advanceTimersByTimeAsync(90);
      runs[0]?.step();
      expect(settled).not.toHaveBeenCalled();
    }
    expect(await runs[1]?.code).toBe('deadline-exceeded');
    await vi.advanceTimersByTimeAsync(101);
    expect(settled).toHaveBeenCalledWith('deadline-exceeded');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends work at its total limit, also if that is shorter than the deadline of a step', async () => {
    const queue = new RequestQueue({ slots: () => 1, maxWaiting: 10, noun: 'test' });
    const code = codeOf(
      queue.run({ ...ticket(60_000), renewable: true, workMs: 400 }, () => new Promise<string>(() => {})),
    );
    await vi.advanceTimersByTimeAsync(401);
    expect(await code).toBe('deadline-exceeded');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('reserves places for requests whose bodies are arriving, for a limited time', async () => {
    const queue = new RequestQueue({ slots: () => 1, maxWaiting: 2, noun: 'test' });
    const running = controlled();
    const first = queue.run(ticket(), running.work);
    const release = [queue.claim(ticket()), queue.claim(ticket())];
    expect(() => queue.claim(ticket())).toThrow(/2 test requests are waiting, which is the limit/);
    // A body that is there has its place, whoever else is coming.
    release[0]?.();
    const second = queue.run(ticket(), controlled().work).catch(() => {});
    expect(queue.waiting).toBe(1);
    expect(() => queue.claim(ticket())).toThrow(/2 test requests are waiting/);
    release[1]?.();
    release[1]?.();
    queue.claim(ticket());
    expect(() => queue.claim(ticket())).toThrow(/2 test requests are waiting/);
    // Slow senders do not keep others out.
    await vi.advanceTimersByTimeAsync(100);
    expect(() => queue.claim(ticket())).not.toThrow();
    running.resolve('x');
    await first;
    await vi.advanceTimersByTimeAsync(2000);
    await second;
  });

  it('includes arriving requests in the predicted wait, but not against free slots', async () => {
    const queue = new RequestQueue({ slots: () => 2, maxWaiting: 10, noun: 'test' });
    const learn = controlled();
    const learnt = queue.run(ticket(), learn.work);
    await vi.advanceTimersByTimeAsync(100);
    learn.resolve('x');
    await learnt;
    // 100 ms a request, two at a time, two of them at once.
    const claims = Array.from({ length: 3 }, () => queue.claim(ticket(150)));
    expect(() => queue.claim(ticket(150))).toThrow(/would take about 200 ms now, more than its deadline of 150 ms/);
    for (const release of claims) release();
    expect(() => queue.claim(ticket(1))).not.toThrow();
  });

  it('compares only the work ahead of a request with a renewable deadline, not its own length', async () => {
    const queue = new RequestQueue({ slots: () => 1, maxWaiting: 10, noun: 'test' });
    const learn = controlled();
    const learnt = queue.run(ticket(1000, NEVER, 10), learn.work);
    await vi.advanceTimersByTimeAsync(100);
    learn.resolve('10 ms each');
    await learnt;
    void queue.run(ticket(1000, NEVER, 10), controlled().work).catch(() => {});
    const long = { cost: 200, deadlineMs: 1000 };
    expect(() => queue.assertAdmits(long)).toThrow(/would take about 2000 ms/);
    expect(() => queue.assertAdmits({ ...long, renewable: true })).not.toThrow();
  });

  it('rejects a request when the maximum number waits, with a retry time', async () => {
    const queue = new RequestQueue({ slots: () => 1, maxWaiting: 1, noun: 'test' });
    const first = controlled();
    void queue.run(ticket(), first.work);
    const second = queue.run(ticket(), async () => 'second');
    const third = queue.run(ticket(), async () => 'third');
    await expect(third).rejects.toMatchObject({ code: 'overloaded', retryAfter: 1 });
    first.resolve('first');
    await vi.advanceTimersByTimeAsync(0);
    expect(await second).toBe('second');
  });

  it('rejects immediately a request that would miss its deadline, predicted from earlier requests', async () => {
    const queue = new RequestQueue({ slots: () => 1, maxWaiting: 100, noun: 'test' });
    const slow = () => new Promise<string>((resolve) => setTimeout(() => resolve('done'), 100));
    void queue.run(ticket(), slow);
    await vi.advanceTimersByTimeAsync(100);
    const running = queue.run(ticket(), slow);
    const waits = queue.run(ticket(), slow);
    expect(() => queue.assertAdmits({ cost: 1, deadlineMs: 150 })).toThrow(/more than its deadline of 150 ms/);
    expect(await codeOf(queue.run(ticket(150), slow))).toBe('overloaded');
    expect(() => queue.assertAdmits({ cost: 1, deadlineMs: 250 })).not.toThrow();
    await vi.advanceTimersByTimeAsync(200);
    expect(await Promise.all([running, waits])).toEqual(['done', 'done']);
  });

  it('is robust to a few unusual requests, and its retry time is at most a minute', async () => {
    const queue = new RequestQueue({ slots: () => 1, maxWaiting: 2, noun: 'test' });
    const serve = async (ms: number) => {
      const request = controlled();
      const result = queue.run({ ...ticket(10_000_000), cost: 10 }, request.work);
      await vi.advanceTimersByTimeAsync(ms);
      request.resolve('done');
      await result;
    };
    for (let i = 0; i < 15; i++) await serve(100);
    for (let i = 0; i < 3; i++) await serve(100_000);
    const requests = Array.from({ length: 3 }, () => controlled());
    const running = requests.slice(0, 2).map((request) => queue.run({ ...ticket(10_000_000), cost: 10 }, request.work));
    // By the average alone, 10 of cost would now be taken for 48 s.
    expect(() => queue.assertAdmits({ cost: 10, deadlineMs: 5_000, renewable: true })).not.toThrow();
    const [, third] = requests;
    for (const request of requests) request.resolve('done');
    await Promise.all(running);
    expect(third).toBeDefined();
    const slow = new RequestQueue({ slots: () => 1, maxWaiting: 1, noun: 'test' });
    const first = controlled();
    const done = slow.run(ticket(10_000_000), first.work);
    await vi.advanceTimersByTimeAsync(1_000_000);
    first.resolve('done');
    await done;
    const held = [controlled(), controlled()].map((request) => slow.run(ticket(10_000_000), request.work));
    for (const each of held) each.catch(() => {});
    expect(() => slow.assertAdmits(ticket())).toThrow(expect.objectContaining({ code: 'overloaded', retryAfter: 60 }));
  });

  it('reserves places for other clients while they send requests, and counts claims as waiting', () => {
    const queue = new RequestQueue({ slots: () => 0, maxWaiting: 16, noun: 'test' });
    const one = { cost: 1, deadlineMs: 1_000 };
    queue.assertAdmits({ ...one, client: 'b' });
    const claims = Array.from({ length: 8 }, () => queue.claim({ ...one, client: 'a' }));
    expect(() => queue.claim({ ...one, client: 'a' })).toThrow(/has used its share of the queue for test requests/);
    expect(() => queue.claim({ ...one, client: 'b' })).not.toThrow();
    claims[0]?.();
    expect(() => queue.claim({ ...one, client: 'a' })).not.toThrow();
  });

  it('accepts any request while a slot is free, whatever the prediction', async () => {
    const queue = new RequestQueue({ slots: () => 1, maxWaiting: 1, noun: 'test' });
    const done = queue.run(ticket(), () => new Promise<void>((resolve) => setTimeout(resolve, 900)));
    await vi.advanceTimersByTimeAsync(900);
    await done;
    expect(() => queue.assertAdmits({ cost: 1000, deadlineMs: 1 })).not.toThrow();
  });

  it('responds at the deadline, and frees the slot only when the work has ended', async () => {
    const queue = new RequestQueue({ slots: () => 1, maxWaiting: 5, noun: 'test' });
    const stuck = controlled();
    const result = codeOf(queue.run(ticket(50), stuck.work));
    const next = controlled();
    const after = codeOf(queue.run(ticket(1000), next.work));
    await vi.advanceTimersByTimeAsync(50);
    expect(await result).toBe('deadline-exceeded');
    expect(stuck.work.mock.calls[0]?.[0].aborted).toBe(true);
    expect(next.work).not.toHaveBeenCalled();
    stuck.reject(new Error('stopped'));
    await vi.advanceTimersByTimeAsync(0);
    expect(next.work).toHaveBeenCalledOnce();
    next.resolve('ok');
    expect(await after).toBe('ok');
  });

  it('starts no request whose deadline passed or whose caller disconnected while it waited', async () => {
    const queue = new RequestQueue({ slots: () => 1, maxWaiting: 5, noun: 'test' });
    const first = controlled();
    void queue.run(ticket(), first.work);
    const caller = new AbortController();
    const [late, gone] = [controlled(), controlled()];
    const results = [
      codeOf(queue.run(ticket(20), late.work)),
      codeOf(queue.run(ticket(500, caller.signal), gone.work)),
    ];
    caller.abort();
    await vi.advanceTimersByTimeAsync(20);
    expect(await Promise.all(results)).toEqual(['deadline-exceeded', 'aborted']);
    expect(queue.waiting).toBe(0);
    first.resolve('x');
    await vi.advanceTimersByTimeAsync(0);
    expect([late.work.mock.calls.length, gone.work.mock.calls.length]).toEqual([0, 0]);
    expect(queue.running).toBe(0);
  });

  it('rejects a caller that has already disconnected', async () => {
    const queue = new RequestQueue({ slots: () => 1, maxWaiting: 5, noun: 'test' });
    expect(await codeOf(queue.run(ticket(10, AbortSignal.abort()), async () => 1))).toBe('aborted');
    expect(queue.running).toBe(0);
  });

  it('queues requests while there is no slot, and starts them when one is available', async () => {
    let slots = 0;
    const queue = new RequestQueue({ slots: () => slots, maxWaiting: 5, noun: 'test' });
    const result = queue.run(ticket(), async () => 'done');
    await vi.advanceTimersByTimeAsync(10);
    expect(queue.waiting).toBe(1);
    slots = 1;
    queue.pump();
    expect(await result).toBe('done');
  });

  it('settles every request exactly once and ends empty, for any sequence of events', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            at: fc.nat(200),
            takes: fc.nat(80),
            deadline: fc.integer({ min: 1, max: 150 }),
            leaves: fc.option(fc.nat(100), { nil: undefined }),
            fails: fc.boolean(),
          }),
          { maxLength: 40 },
        ),
        fc.integer({ min: 1, max: 3 }),
        async (requests, slots) => {
          const queue = new RequestQueue({ slots: () => slots, maxWaiting: 4, noun: 'test' });
          const outcomes: string[] = [];
          let most = 0;
          for (const request of requests) {
            setTimeout(() => {
              const caller = new AbortController();
              if (request.leaves !== undefined) setTimeout(() => caller.abort(), request.leaves);
              const work = () => {
                most = Math.max(most, queue.running);
                return new Promise<void>((resolve, reject) =>
                  setTimeout(() => (request.fails ? reject(new Error('failed')) : resolve()), request.takes),
                );
              };
              void codeOf(queue.run(ticket(request.deadline, caller.signal), work)).then((code) => outcomes.push(code));
            }, request.at);
          }
          await vi.advanceTimersByTimeAsync(2000);
          expect(outcomes).toHaveLength(requests.length);
          expect([queue.running, queue.waiting]).toEqual([0, 0]);
          expect(most).toBeLessThanOrEqual(slots);
          const allowed = ['ok', 'overloaded', 'deadline-exceeded', 'aborted', 'Error: failed'];
          expect(outcomes.every((code) => allowed.includes(code))).toBe(true);
          expect(vi.getTimerCount()).toBe(0);
        },
      ),
      { seed: 10, numRuns: 60 },
    );
  });
});
