import { readFileSync } from 'node:fs';
import { wasmUrl } from '@voiceflow-ml/wasm-runtime';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { testBackend } from 'voiceflow-ml/testing';
import { wasmBackend as serverBackend } from '../../../dist/backends/wasm/node.js';
import { wasmBackend } from '../../../dist/backends/wasm/page.js';

const bytes = readFileSync(wasmUrl());
const module = await WebAssembly.compile(bytes);
const model = { name: 'none', bytes: new Uint8Array(8) };

/** The entry for pages, in Node's main thread: one session, one run at a time, events between runs. */
testBackend({ name: 'wasm (page)', create: () => wasmBackend({ wasm: module }) }, { describe, it });

describe('webgpu', () => {
  afterEach(() => vi.unstubAllGlobals());
  const runtime = { InferenceSession: { create: vi.fn() }, Tensor: vi.fn(), env: { wasm: {} } };

  it.each([
    ['a browser without WebGPU', {}, 'navigator.gpu is missing'],
    ['a browser without an adapter', { gpu: { requestAdapter: async () => null } }, 'the browser has no GPU adapter'],
  ])('reports why it is not available, with a hint: %s', async (_, navigator, why) => {
    vi.stubGlobal('navigator', navigator);
    const backend = wasmBackend({ device: 'webgpu', runtime });
    await expect(backend.load(model)).rejects.toMatchObject({
      code: 'backend-unavailable',
      message: `the device webgpu cannot be used here: ${why}`,
      hint: expect.stringContaining('omit `device`'),
    });
    expect(await backend.capabilities()).toMatchObject({ gpu: false, notes: [why] });
    expect(runtime.InferenceSession.create).not.toHaveBeenCalled();
  });

  it('reports which runtime to pass', () => {
    expect(() => wasmBackend({ device: 'webgpu' })).toThrow(
      expect.objectContaining({ code: 'invalid-option', hint: expect.stringContaining('onnxruntime-web/webgpu') }),
    );
  });

  it('is available only in pages', () => {
    expect(() => serverBackend({ device: 'webgpu' })).toThrow(
      expect.objectContaining({ code: 'backend-unavailable', hint: expect.stringContaining('nodeBackend') }),
    );
  });
});

describe('the WebAssembly of ONNX Runtime', () => {
  afterEach(() => vi.unstubAllGlobals());
  const answer = (body: string | Uint8Array<ArrayBuffer>, type: string) =>
    vi.stubGlobal('fetch', async () => new Response(body, { headers: { 'content-type': type } }));

  it.each([
    ['a page', '<!doctype html>', 'text/html', /received an HTML page/],
    ['a page without a type', '<!doctype html>', '', /received 15 bytes that are not WebAssembly \(HTML\)/],
    ['something else', 'wasm', 'application/wasm', /received 4 bytes that are not WebAssembly$/],
  ])('reports what was received instead: %s', async (_, body, type, message) => {
    answer(body, type);
    const wasm = 'https://cdn.example/ort.wasm';
    const error = await wasmBackend({ wasm })
      .load(model)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'backend-unavailable', message: expect.stringMatching(message) });
    expect(error).toMatchObject({
      message: expect.stringContaining(wasm),
      hint: expect.stringContaining('wasmBackend({ wasm'),
    });
  });

  it('leaves no worker behind when a load is refused', async () => {
    const terminate = vi.fn();
    class FakeWorker {
      onmessage: (() => void) | undefined;
      terminate = terminate;
      constructor() {
        setTimeout(() => this.onmessage?.());
      }
    }
    vi.stubGlobal('Worker', FakeWorker);
    const bytes = 'no' as unknown as Uint8Array;
    await expect(wasmBackend({ wasm: module }).load({ name: 'none', bytes })).rejects.toMatchObject({
      code: 'invalid-option',
    });
    expect(terminate).toHaveBeenCalledTimes(1);
  });

  it('is fetched once; an aborted load does not stop the others', async () => {
    const fetched = vi.fn(async (_: string, init?: RequestInit) => {
      await new Promise((done) => setTimeout(done, 20));
      init?.signal?.throwIfAborted();
      return new Response(bytes, { headers: { 'content-type': 'application/wasm' } });
    });
    vi.stubGlobal('fetch', fetched);
    const stop = new AbortController();
    const backend = wasmBackend({ worker: false });
    const [first, second] = [backend.load(model, { signal: stop.signal }), backend.load(model)];
    stop.abort();
    await expect(first).rejects.toMatchObject({ code: 'aborted' });
    await expect(second).rejects.toMatchObject({ code: 'model-incompatible' });
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it('is fetched from the given URL', async () => {
    const fetched = vi.fn(async () => new Response(bytes, { headers: { 'content-type': 'application/wasm' } }));
    vi.stubGlobal('fetch', fetched);
    const backend = wasmBackend({ wasm: 'https://cdn.example/ort.wasm' });
    await expect(backend.load(model)).rejects.toMatchObject({ code: 'model-incompatible' });
    expect(fetched).toHaveBeenCalledWith('https://cdn.example/ort.wasm', {});
  });
});
