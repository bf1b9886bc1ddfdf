import { describe, expect, it, vi } from 'vitest';
import type { Tensor } from '../../contract/backend.ts';
import { sessionBackend } from '../session-backend.ts';
import { codeOf, feeds, freshThreads, opened, options, settle, thread, threads } from './fixtures/fake-thread.ts';
import { openPool } from './pool.ts';

freshThreads();

describe('starting workers', () => {
  it('starts one on load, others for parallel runs, up to the limit', async () => {
    const model = await opened();
    expect(threads).toHaveLength(1);
    const runs = [model.run(feeds()), model.run(feeds()), model.run(feeds()), model.run(feeds())];
    await settle();
    expect(threads).toHaveLength(2);
    expect(thread(0).runs).toBe(1);
    await thread(1).opened();
    expect(thread(1).runs).toBe(1);
    await thread(0).result();
    await thread(1).result();
    await thread(0).result();
    await thread(1).result();
    await Promise.all(runs);
    expect(threads).toHaveLength(2);
  });

  it('starts no further worker for sequential runs', async () => {
    const model = await opened();
    for (let i = 0; i < 3; i += 1) {
      const run = model.run(feeds());
      await settle();
      await thread(0).result(i);
      expect((await run).y?.data).toEqual(Float32Array.of(i));
    }
    expect(threads).toHaveLength(1);
  });

  it('continues with the existing workers if another cannot start', async () => {
    const model = await opened();
    const runs = [model.run(feeds()), model.run(feeds())];
    await settle();
    await thread(1).fails({ code: 'backend-failed', message: 'no memory' });
    await thread(1).stops();
    await thread(0).result();
    await thread(0).result();
    await Promise.all(runs);
    const more = [model.run(feeds()), model.run(feeds())];
    await settle();
    expect(threads).toHaveLength(2);
    await thread(0).result();
    await thread(0).result();
    await Promise.all(more);
  });

  it('retries starting a missing worker, with increasing delays', async () => {
    const model = await opened();
    const load = async () => {
      const runs = [model.run(feeds()), model.run(feeds())];
      await settle();
      for (let i = 0; i < 2; i += 1) for (const each of threads) if (each.last === 'run') await each.result();
      await Promise.all(runs);
    };
    const fails = async (index: number) => {
      await thread(index).fails({ code: 'backend-failed', message: 'no memory' });
      await thread(index).stops();
    };
    await Promise.all([load(), settle().then(() => fails(1))]);
    await load();
    expect(threads).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1000);
    await Promise.all([load(), settle().then(() => fails(2))]);
    await vi.advanceTimersByTimeAsync(1999);
    await load();
    expect(threads).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(1);
    const runs = [model.run(feeds()), model.run(feeds())];
    await settle();
    await thread(3).opened();
    expect([thread(0).last, thread(3).last]).toEqual(['run', 'run']);
    await thread(0).result();
    await thread(3).result();
    await Promise.all(runs);
    expect(model.concurrency).toBe(2);
  });

  it('assigns no run to a worker that could not open the model', async () => {
    const model = await opened();
    const runs = [model.run(feeds()), model.run(feeds()), model.run(feeds())];
    await settle();
    await Promise.all([thread(0).result(), thread(1).fails({ code: 'backend-failed', message: 'no memory' })]);
    expect(thread(1).runs).toBe(0);
    await thread(1).stops();
    await thread(0).result();
    await thread(0).result();
    await Promise.all(runs);
  });

  it('reports why the first worker cannot start', async () => {
    const opening = codeOf(openPool(options()));
    await settle();
    await thread(0).fails({ code: 'model-incompatible', message: 'no model' });
    await thread(0).stops();
    expect(await opening).toBe('model-incompatible');
  });

  it('keeps the process alive only while a worker is busy', async () => {
    const model = await opened();
    expect(thread(0).held).toBe(false);
    const run = model.run(feeds());
    await settle();
    expect(thread(0).held).toBe(true);
    await thread(0).result();
    await run;
    expect(thread(0).held).toBe(false);
  });
});

describe('workers that exit', () => {
  it('reject only their own call, and are replaced', async () => {
    const model = await opened();
    const first = codeOf(model.run(feeds()));
    const second = codeOf(model.run(feeds()));
    await settle();
    await thread(1).opened();
    const third = codeOf(model.run(feeds()));
    await thread(0).die();
    expect(await first).toBe('backend-failed');
    expect(threads).toHaveLength(3);
    await thread(1).result();
    expect(await second).toBe('done');
    await thread(1).result();
    expect(await third).toBe('done');
  });

  it('are replaced if the only worker exits while idle', async () => {
    const model = await opened({ workers: 1 });
    await thread(0).die();
    const run = codeOf(model.run(feeds()));
    await settle();
    await thread(1).opened();
    await thread(1).result();
    expect(await run).toBe('done');
  });

  it('lose no call when another failed call is aborted', async () => {
    for (let moment = 0; moment < 40; moment += 1) {
      threads.length = 0;
      const model = await opened({ workers: 1 });
      await thread(0).die();
      const controller = new AbortController();
      const first = codeOf(model.run(feeds(), { signal: controller.signal }));
      await settle();
      const dying = thread(1).die();
      for (let i = 0; i < moment; i += 1) await Promise.resolve();
      const second = codeOf(model.run(feeds()));
      controller.abort();
      await dying;
      for (const next of threads.slice(2)) {
        if (next.last === 'open') await next.opened();
        if (next.last === 'run') await next.result();
      }
      expect(['aborted', 'backend-failed']).toContain(await first);
      expect(await Promise.race([second, settle().then(() => 'lost')]), `moment ${moment}`).not.toBe('lost');
    }
  });

  it('reject queued calls if no worker can start, and the next call retries', async () => {
    const model = await opened({ workers: 1 });
    await thread(0).die();
    const run = codeOf(model.run(feeds()));
    await settle();
    await thread(1).die();
    expect(await run).toBe('backend-failed');
    const next = codeOf(model.run(feeds()));
    await settle();
    await thread(2).opened();
    await thread(2).result();
    expect(await next).toBe('done');
  });

  it('report an error of a run, and remain in use', async () => {
    const model = await opened();
    const run = codeOf(model.run(feeds()));
    await settle();
    await thread(0).fails({ code: 'model-incompatible', message: 'bad shape' });
    expect(await run).toBe('model-incompatible');
    const next = codeOf(model.run(feeds()));
    await settle();
    await thread(0).result();
    expect(await next).toBe('done');
    expect(threads).toHaveLength(1);
  });
});

describe('buffers of earlier runs', () => {
  it('are lent once, by their length, and only as many are kept as runs are in flight', async () => {
    const model = await opened({ workers: 1 });
    expect(model.spare?.(1)).toBeUndefined();
    const given = Array.from({ length: 4 }, feeds);
    for (const each of given) {
      const run = model.run(each);
      await settle();
      await thread(0).result();
      await run;
    }
    expect(model.spare?.(2)).toBeUndefined();
    const lent = [1, 2, 3].map(() => model.spare?.(1)?.buffer);
    expect(lent.map((buffer) => given.findIndex(({ x }) => x.data.buffer === buffer))).toEqual([2, 3, -1]);
  });

  it('are not lent while they are an output', async () => {
    const backend = sessionBackend({
      name: 'identity',
      capabilities: async () => ({ workers: 1, threads: 1, simd: false, gpu: false, notes: [] }),
      // The timers of these tests are fake.
      defer: queueMicrotask,
      open: async () => ({
        inputs: [{ name: 'x', type: 'float32', dims: ['N'] }],
        outputs: [{ name: 'y', type: 'float32', dims: ['N'] }],
        run: async ({ x }) => ({ y: x as Tensor }),
        release: async () => {},
      }),
    });
    const model = await backend.load({ name: 'identity', bytes: Uint8Array.of(1) });
    const { y } = await model.run(feeds());
    expect([...(y?.data ?? [])]).toEqual([5]);
    expect(model.spare?.(1)).toBeUndefined();
    await model.close();
  });
});
