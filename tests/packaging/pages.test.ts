import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CHROMIUM,
  closeBrowser,
  consumer,
  type Outcome,
  PAGE,
  PAGE_SCRIPT,
  serveFolder,
  visit,
  WITHOUT_CHROMIUM,
  write,
} from '../consumers/consumer.ts';
import { removeFolder } from './packed.ts';

/** A page that a stranger builds from the packed packages with esbuild, and hosts as static files. */
describe.skipIf(!CHROMIUM)(`a page bundled with esbuild${WITHOUT_CHROMIUM}`, () => {
  const WEIGHTS = '@voiceflow-ml/fast-cnn/fast-cnn.onnx';
  const SEGMENTER = '@voiceflow-ml/segmenter/segmenter.onnx';
  const WASM = '@voiceflow-ml/wasm-runtime/dist/ort-wasm-simd-threaded.wasm';
  const withoutWorker = '{ backend: wasmBackend({ worker: false }) }';
  let folder = '';

  beforeAll(() => {
    folder = consumer({});
  });
  afterAll(async () => {
    await closeBrowser();
    removeFolder(folder);
  });

  /** Bundles the page, puts files of packages beside it, serves that and looks what the page says. */
  async function open(copied: readonly string[], headers: Record<string, string> = {}, options = '') {
    const out = join(folder, `site-${Math.random()}`);
    mkdirSync(out);
    write(out, { 'index.html': PAGE });
    write(folder, { 'main.js': PAGE_SCRIPT(options) });
    await build({
      entryPoints: [join(folder, 'main.js')],
      outfile: join(out, 'main.js'),
      absWorkingDir: folder,
      bundle: true,
      format: 'esm',
      logLevel: 'silent',
    });
    copyFileSync(join(folder, 'public/conversation.wav'), join(out, 'conversation.wav'));
    for (const file of copied) copyFileSync(join(folder, 'node_modules', file), join(out, file.replace(/^.*\//, '')));
    const server = await serveFolder(out, headers);
    try {
      return await visit(server.url);
    } finally {
      server.close();
    }
  }

  it.each([
    [[], 'model-not-found', 'fast-cnn.onnx'],
    [[WEIGHTS, SEGMENTER], 'backend-unavailable', 'ort-wasm-simd-threaded.wasm'],
  ])(
    'with %j beside it reports what was received instead of the missing files, with a hint',
    async (copied, code, file) => {
      const outcome = await open(copied);
      expect(outcome.code).toBe(code);
      expect(outcome.message).toContain(`${file}: received an HTML page`);
      expect(outcome.hint).toMatch(/copy it next to the bundle \(esbuild, Rollup\).*Vite: optimizeDeps\.exclude/);
    },
  );

  it('diarizes in a worker: the page has less than half as many long tasks', async () => {
    const [worker, own] = [
      await open([WEIGHTS, SEGMENTER, WASM]),
      await open([WEIGHTS, SEGMENTER, WASM], {}, withoutWorker),
    ];
    for (const outcome of [worker, own]) expect(outcome).toMatchObject({ backend: 'wasm', speakers: 3, faults: [] });
    const blocked = ({ tasks = [] }: Outcome) => tasks.reduce((sum, duration) => sum + duration, 0);
    expect(blocked(worker)).toBeLessThan(blocked(own) / 2);
  });

  it('diarizes on the main thread if a Content-Security-Policy forbids workers from a blob', async () => {
    const headers = { 'content-security-policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };
    expect(await open([WEIGHTS, SEGMENTER, WASM], headers)).toMatchObject({ backend: 'wasm', speakers: 3 });
  });

  it('reports that a policy must allow WebAssembly', async () => {
    const outcome = await open([WEIGHTS, SEGMENTER, WASM], { 'content-security-policy': "default-src 'self'" });
    expect(outcome).toMatchObject({ code: 'backend-unavailable', hint: expect.stringContaining('wasm-unsafe-eval') });
  });

  it('reports that there is no GPU if WebGPU is requested', async () => {
    const runtime = '{ InferenceSession: {}, Tensor: Object, env: { wasm: {} } }';
    const outcome = await open(
      [WEIGHTS, SEGMENTER],
      {},
      `{ backend: wasmBackend({ device: 'webgpu', runtime: ${runtime} }) }`,
    );
    expect(outcome).toMatchObject({
      code: 'backend-unavailable',
      message: expect.stringContaining('the device webgpu cannot be used here'),
      hint: expect.stringContaining('omit `device`'),
    });
  });

  it('runs several threads with cross-origin isolation', async () => {
    const headers = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
    const outcome = await open([WEIGHTS, SEGMENTER, WASM], headers, '{ backend: wasmBackend({ threads: 2 }) }');
    expect(outcome).toMatchObject({ backend: 'wasm', speakers: 3, faults: [] });
  });
});
