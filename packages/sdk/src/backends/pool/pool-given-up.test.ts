import { describe, expect, it, vi } from 'vitest';
import { codeOf, feeds, freshThreads, opened, options, settle, thread, threads } from './fixtures/fake-thread.ts';
import { openPool } from './pool.ts';

freshThreads();

describe('aborted runs', () => {
  const giveUpMs = 1000;

  it('reject immediately while the worker finishes the run', async () => {
    const model = await opened({ workers: 1, giveUpMs });
    const controller = new AbortController();
    const run = codeOf(model.run(feeds(), { signal: controller.signal }));
    await settle();
    controller.abort();
    expect(await run).toBe('aborted');
    const next = codeOf(model.run(feeds()));
    await settle();
    expect(thread(0).runs).toBe(1);
    await thread(0).result();
    expect(thread(0).runs).toBe(2);
    await thread(0).result(9);
    expect(await next).toBe('done');
    expect(threads).toHaveLength(1);
  });

  it('replace a stuck worker without terminating it, up to a limit', async () => {
    const model = await opened({ workers: 1, giveUpMs });
    const giveUp = async () => {
      const controller = new AbortController();
      const run = codeOf(model.run(feeds(), { signal: controller.signal }));
      await settle();
      controller.abort();
      expect(await run).toBe('aborted');
    };
    await giveUp();
    await vi.advanceTimersByTimeAsync(giveUpMs);
    const next = codeOf(model.run(feeds()));
    await settle();
    expect(threads).toHaveLength(2);
    await thread(1).opened();
    await thread(1).result();
    expect(await next).toBe('done');
    expect(thread(0).last).toBe('run');
    await giveUp();
    await vi.advanceTimersByTimeAsync(giveUpMs);
    const waits = codeOf(model.run(feeds()));
    await settle();
    expect(threads, 'two stuck runs of one worker: no third thread').toHaveLength(2);
    await thread(1).result();
    await thread(1).result();
    expect(await waits).toBe('done');
  });

  it('stop a late worker that was already replaced', async () => {
    const model = await opened({ workers: 1, giveUpMs });
    const controller = new AbortController();
    const run = codeOf(model.run(feeds(), { signal: controller.signal }));
    await settle();
    controller.abort();
    await run;
    await vi.advanceTimersByTimeAsync(giveUpMs);
    const next = codeOf(model.run(feeds()));
    await settle();
    await thread(1).opened();
    await thread(0).result();
    expect([thread(0).last, thread(1).last].sort()).toEqual(['run', 'stop']);
    await thread(1).result();
    expect(await next).toBe('done');
  });

  it('ignore an abort during the response, for any running and queued runs', async () => {
    const model = await opened({ workers: 1, giveUpMs }, true);
    const controller = new AbortController();
    const next: Promise<string>[] = [];
    const first = model.run(feeds(), { signal: controller.signal }).catch(() => {
      next.push(codeOf(model.run(feeds())));
      controller.abort();
    });
    await settle();
    await thread(0).die();
    await first;
    await settle();
    await thread(1).opened();
    await vi.advanceTimersByTimeAsync(giveUpMs);
    expect(thread(1).killed).toBe(false);
    await thread(1).result();
    expect(await Promise.all(next)).toEqual(['done']);
  });

  it('ignore an abort while the run cannot start', async () => {
    const model = await opened({ workers: 1 });
    await thread(0).die();
    const controller = new AbortController();
    const next: Promise<string>[] = [];
    const first = model.run(feeds(), { signal: controller.signal }).catch(() => {
      next.push(codeOf(model.run(feeds())));
      controller.abort();
    });
    await settle();
    await thread(1).die();
    await first;
    await settle();
    await thread(2).opened();
    await thread(2).result();
    expect(await Promise.all(next)).toEqual(['done']);
  });

  it('terminate a stuck worker where that is safe', async () => {
    const model = await opened({ workers: 1, giveUpMs }, true);
    const controller = new AbortController();
    const run = codeOf(model.run(feeds(), { signal: controller.signal }));
    await settle();
    controller.abort();
    await run;
    const next = codeOf(model.run(feeds()));
    await vi.advanceTimersByTimeAsync(giveUpMs);
    expect(thread(0).killed).toBe(true);
    await thread(1).opened();
    await thread(1).result();
    expect(await next).toBe('done');
  });
});

describe('close', () => {
  it('waits for running and queued runs, then stops each worker', async () => {
    const model = await opened({ workers: 1 });
    const runs = [codeOf(model.run(feeds())), codeOf(model.run(feeds()))];
    await settle();
    let closed = false;
    const closing = model.close().then(() => {
      closed = true;
    });
    await thread(0).result();
    expect(thread(0).last).toBe('run');
    await thread(0).result();
    expect(await Promise.all(runs)).toEqual(['done', 'done']);
    expect(thread(0).last).toBe('stop');
    expect(closed).toBe(false);
    await thread(0).stops();
    await closing;
    expect(await codeOf(model.run(feeds()))).toBe('closed');
  });

  it('does not wait for a stuck run', async () => {
    const model = await opened({ workers: 1, giveUpMs: 1000 });
    const controller = new AbortController();
    const run = codeOf(model.run(feeds(), { signal: controller.signal }));
    await settle();
    controller.abort();
    await run;
    const closing = codeOf(model.close());
    await vi.advanceTimersByTimeAsync(1000);
    expect(await closing).toBe('done');
    await thread(0).result();
    expect(thread(0).last).toBe('stop');
  });

  it('stops the worker of an aborted load once it is open', async () => {
    const controller = new AbortController();
    const opening = codeOf(openPool(options({ signal: controller.signal })));
    await settle();
    controller.abort();
    expect(await opening).toBe('aborted');
    await thread(0).opened();
    expect(thread(0).last).toBe('stop');
  });
});
