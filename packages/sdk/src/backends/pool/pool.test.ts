import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { openPool, type PoolOptions } from './pool.ts';
import type { Failure, Reply, Request } from './protocol.ts';
import type { Thread, ThreadEvents } from './thread.ts';

/** The pool against threads that do nothing by themselves: each test says what happens and when. */
class FakeThread implements Thread {
  readonly killable: boolean;
  readonly requests: Request[] = [];
  held = true;
  killed = false;
  #events: ThreadEvents | undefined;

  constructor(killable = false) {
    this.killable = killable;
  }

  listen(events: ThreadEvents): void {
    this.#events = events;
  }

  post(request: Request): void {
    this.requests.push(request);
  }

  hold(alive: boolean): void {
    this.held = alive;
  }

  kill(): void {
    this.killed = true;
    this.die();
  }

  get last(): Request['kind'] | undefined {
    return this.requests.at(-1)?.kind;
  }

  get runs(): number {
    return this.requests.filter(({ kind }) => kind === 'run').length;
  }

  async answer(reply: Reply): Promise<void> {
    this.#events?.message(reply);
    await settle();
  }

  async opened(): Promise<void> {
    await this.answer({ kind: 'opened', inputs: [{ name: 'x', type: 'float32', dims: ['N'] }], outputs: [] });
  }

  async result(value = 1): Promise<void> {
    const y = { type: 'float32', dims: [1], data: Float32Array.of(value) } as const;
    await this.answer({ kind: 'result', outputs: { y } });
  }

  async fails(failure: Failure): Promise<void> {
    await this.answer({ kind: 'failed', failure });
  }

  async stops(): Promise<void> {
    await this.answer({ kind: 'stopped' });
    this.#events?.gone(undefined);
    await settle();
  }

  async die(): Promise<void> {
    this.#events?.gone(new Error('it died'));
    await settle();
  }
}

/** Lets promises that are due go on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

const threads: FakeThread[] = [];
function thread(index: number): FakeThread {
  const found = threads[index];
  if (!found) throw new Error(`no thread ${index} was started`);
  return found;
}

function options(more: Partial<PoolOptions> = {}, killable = false): PoolOptions {
  const spawn = () => {
    const made = new FakeThread(killable);
    threads.push(made);
    return made;
  };
  return { model: { name: 'fake', bytes: Uint8Array.of(1, 2, 3) }, workers: 2, settings: {}, spawn, ...more };
}

async function opened(more: Partial<PoolOptions> = {}, killable = false) {
  const opening = openPool(options(more, killable));
  await settle();
  await thread(0).opened();
  return opening;
}

const feeds = () => ({ x: { type: 'float32', dims: [1], data: Float32Array.of(5) } as const });
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (VoiceFlowError.isInstance(error) ? error.code : String(error)),
  );

beforeEach(() => {
  threads.length = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('starting workers', () => {
  it('starts one at load, the others when runs overlap, and none beyond the limit', async () => {
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

  it('starts none for runs one after the other', async () => {
    const model = await opened();
    for (let i = 0; i < 3; i += 1) {
      const run = model.run(feeds());
      await settle();
      await thread(0).result(i);
      expect((await run).y?.data).toEqual(Float32Array.of(i));
    }
    expect(threads).toHaveLength(1);
  });

  it('goes on with the workers there are when another cannot start', async () => {
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

  it('starts the worker that is missing again, seldom while it cannot', async () => {
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

  it('gives no run to a worker that could not open the model', async () => {
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

  it('passes on why the first cannot start', async () => {
    const opening = codeOf(openPool(options()));
    await settle();
    await thread(0).fails({ code: 'model-incompatible', message: 'no model' });
    await thread(0).stops();
    expect(await opening).toBe('model-incompatible');
  });

  it('holds the process only while a worker has something to do', async () => {
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

describe('workers that die', () => {
  it('fails the call of the one that died, and no other, and replaces it', async () => {
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

  it('starts another when the only one died while idle', async () => {
    const model = await opened({ workers: 1 });
    await thread(0).die();
    const run = codeOf(model.run(feeds()));
    await settle();
    await thread(1).opened();
    await thread(1).result();
    expect(await run).toBe('done');
  });

  it('loses no call, whenever another that failed is given up', async () => {
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

  it('fails what waits when none can be started, and tries again for the next call', async () => {
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

  it('passes on what a worker says of a run, and keeps the worker', async () => {
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

describe('runs that are given up', () => {
  const patience = 1000;

  it('frees the caller at once and lets the worker end its run', async () => {
    const model = await opened({ workers: 1, patience });
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

  it('replaces a worker that is stuck, without ending it, up to a bound', async () => {
    const model = await opened({ workers: 1, patience });
    const giveUp = async () => {
      const controller = new AbortController();
      const run = codeOf(model.run(feeds(), { signal: controller.signal }));
      await settle();
      controller.abort();
      expect(await run).toBe('aborted');
    };
    await giveUp();
    await vi.advanceTimersByTimeAsync(patience);
    const next = codeOf(model.run(feeds()));
    await settle();
    expect(threads).toHaveLength(2);
    await thread(1).opened();
    await thread(1).result();
    expect(await next).toBe('done');
    expect(thread(0).last).toBe('run');
    await giveUp();
    await vi.advanceTimersByTimeAsync(patience);
    const waits = codeOf(model.run(feeds()));
    await settle();
    expect(threads, 'two stuck runs of one worker: no third thread').toHaveLength(2);
    await thread(1).result();
    await thread(1).result();
    expect(await waits).toBe('done');
  });

  it('takes leave of a worker that comes back when its successor is at work', async () => {
    const model = await opened({ workers: 1, patience });
    const controller = new AbortController();
    const run = codeOf(model.run(feeds(), { signal: controller.signal }));
    await settle();
    controller.abort();
    await run;
    await vi.advanceTimersByTimeAsync(patience);
    const next = codeOf(model.run(feeds()));
    await settle();
    await thread(1).opened();
    await thread(0).result();
    expect([thread(0).last, thread(1).last].sort()).toEqual(['run', 'stop']);
    await thread(1).result();
    expect(await next).toBe('done');
  });

  it('takes no notice of a signal that fires as the run is answered, whatever runs or waits by then', async () => {
    const model = await opened({ workers: 1, patience }, true);
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
    await vi.advanceTimersByTimeAsync(patience);
    expect(thread(1).killed).toBe(false);
    await thread(1).result();
    expect(await Promise.all(next)).toEqual(['done']);
  });

  it('takes no notice of a signal that fires when the run could not be started', async () => {
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

  it('ends a stuck run where that is safe', async () => {
    const model = await opened({ workers: 1, patience }, true);
    const controller = new AbortController();
    const run = codeOf(model.run(feeds(), { signal: controller.signal }));
    await settle();
    controller.abort();
    await run;
    const next = codeOf(model.run(feeds()));
    await vi.advanceTimersByTimeAsync(patience);
    expect(thread(0).killed).toBe(true);
    await thread(1).opened();
    await thread(1).result();
    expect(await next).toBe('done');
  });
});

describe('close', () => {
  it('waits for runs under way and waiting, then stops each worker', async () => {
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
    const model = await opened({ workers: 1, patience: 1000 });
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
