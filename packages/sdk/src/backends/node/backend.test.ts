import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { nodeBackend } from 'voiceflow-ml/backends/node';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { affineModel, slowFeeds, slowModel } from 'voiceflow-ml/testing';

const slow = () => ({ name: 'slow', bytes: slowModel() });

async function errorOf(promise: Promise<unknown>): Promise<VoiceFlowError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!VoiceFlowError.isInstance(error)) throw new Error(`expected a VoiceFlowError, got ${String(error)}`);
  return error;
}

describe('threads', () => {
  const started: Worker[] = [];
  const note = (worker: Worker) => started.push(worker);

  afterEach(() => {
    process.off('worker', note);
    started.length = 0;
  });

  it('run ONNX Runtime outside the main thread', async () => {
    process.on('worker', note);
    const model = await nodeBackend().load(slow(), { workers: 1 });
    await model.run(slowFeeds(10));
    expect(started).toHaveLength(1);
    expect(Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('onnxruntime'))).toEqual(
      [],
    );
    await model.close();
  });

  it('transfer whole buffers instead of copying them', async () => {
    const model = await nodeBackend().load(slow(), { workers: 1 });
    const feeds = slowFeeds(10);
    await model.run(feeds);
    expect(feeds.x?.data.byteLength).toBe(0);
    await model.close();
  });

  it('reject buffers that are detached by another run', async () => {
    const model = await nodeBackend().load(slow(), { workers: 1 });
    const feeds = slowFeeds(10);
    const [first, second] = [model.run(feeds), errorOf(model.run(feeds))];
    await first;
    expect((await second).code).toBe('model-incompatible');
    expect((await errorOf(model.run(feeds))).code).toBe('model-incompatible');
    await model.close();
  });

  it('reject the call if its worker exits, and replace the worker', async () => {
    process.on('worker', note);
    const model = await nodeBackend().load(slow(), { workers: 1 });
    // A request that no worker knows, before the run: the thread ends outside of native code, which it must not be ended in.
    started[0]?.postMessage({ kind: 'no such request' });
    const error = await errorOf(model.run(slowFeeds(10)));
    expect(error.code).toBe('backend-failed');
    expect(error.message).toContain('no such request');
    expect((await model.run(slowFeeds(10))).y?.dims).toEqual([10, 256]);
    expect(started).toHaveLength(2);
    await model.close();
  });

  it('are terminated by close', async () => {
    process.on('worker', note);
    const model = await nodeBackend().load(slow(), { workers: 2 });
    await Promise.all([model.run(slowFeeds(100)), model.run(slowFeeds(100)), model.run(slowFeeds(100))]);
    expect(started).toHaveLength(2);
    await model.close();
    expect(started.map(({ threadId }) => threadId)).toEqual([-1, -1]);
  });

  it('leave no listeners on the process', async () => {
    const before = process.listenerCount('exit');
    const models = await Promise.all([nodeBackend().load(slow()), nodeBackend().load(slow())]);
    expect(process.listenerCount('exit')).toBe(before + 1);
    await Promise.all(models.map((model) => model.close()));
    expect(process.listenerCount('exit')).toBe(before);
  });
});

describe('without onnxruntime-node', () => {
  it('reports that it cannot be loaded', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'voiceflow-ort-'));
    const module = join(folder, 'index.cjs');
    writeFileSync(module, 'throw new Error("the binary is for another machine")');
    const error = await errorOf(nodeBackend({ module }).load({ name: 'affine', bytes: affineModel() }));
    expect(error.code).toBe('backend-unavailable');
    expect(error.message).toContain('the binary is for another machine');
    expect(error.hint).toMatch(/npm install onnxruntime-node.*ONNXRUNTIME_NODE_INSTALL=skip.*WASM/);
    rmSync(folder, { recursive: true });
  });

  it('reports that it is not installed', async () => {
    const error = await errorOf(nodeBackend({ module: '/no/such/file.js' }).load({ name: 'a', bytes: affineModel() }));
    expect(error.code).toBe('backend-unavailable');
  });
});

it('accepts a URL or a path of the runtime', async () => {
  const path = createRequire(import.meta.url).resolve('onnxruntime-node');
  for (const module of [path, new URL(`file://${path}`)]) {
    const model = await nodeBackend({ module }).load({ name: 'affine', bytes: affineModel() });
    await model.close();
  }
});

it('rejects a model without bytes', async () => {
  const model = { name: 'nothing' } as unknown as { name: string; bytes: Uint8Array };
  expect((await errorOf(nodeBackend().load(model))).code).toBe('invalid-option');
});
