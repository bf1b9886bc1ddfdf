import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { borrow, ROOT, removeFolder } from '../packaging/packed.ts';
import { CHROMIUM, closeBrowser, consumer, PAGE, serveFolder, visit, WITHOUT_CHROMIUM, write } from './consumer.ts';

/** Chromium's software adapter: minutes, nearly all of them for compiling shaders. */
const SOFTWARE_GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];

const SCRIPT = `
import * as runtime from 'onnxruntime-web/webgpu';
import { fastCnn, wasmBackend } from 'voiceflow-ml';
const audio = () => Float32Array.from({ length: 48000 }, (_, i) => 0.3 * Math.sin(i / 20) + 0.1 * Math.sin(i / 7));
async function embed(backend) {
  const model = await backend.load({ name: 'fast-cnn', bytes: await fastCnn.read() });
  const { embeddings } = await model.run({ audio: { type: 'float32', dims: [1, 48000], data: audio() } });
  await model.close();
  return embeddings.data;
}
async function run() {
  const cpu = await embed(wasmBackend());
  const gpu = await embed(wasmBackend({ device: 'webgpu', runtime }));
  return { values: gpu.length, difference: Math.max(...gpu.map((value, i) => Math.abs(value - cpu[i]))) };
}
globalThis.outcome = run().catch((error) => ({ code: error.code, message: String(error), hint: error.hint }));
`;

describe.skipIf(!CHROMIUM)(`WebGPU in a page, on Chromium's software adapter${WITHOUT_CHROMIUM}`, () => {
  const folder = consumer({ 'main.js': SCRIPT });
  afterAll(async () => {
    await closeBrowser();
    removeFolder(folder);
  });

  it('returns the results of the CPU', async () => {
    for (const name of ['onnxruntime-web', 'onnxruntime-common']) borrow(name, folder);
    const out = join(folder, 'site');
    mkdirSync(out);
    write(out, { 'index.html': PAGE });
    const [entry, outfile] = [join(folder, 'main.js'), join(out, 'main.js')];
    await build({
      entryPoints: [entry],
      outfile,
      absWorkingDir: folder,
      bundle: true,
      format: 'esm',
      logLevel: 'silent',
    });
    for (const file of [
      '@voiceflow-ml/fast-cnn/fast-cnn.onnx',
      '@voiceflow-ml/wasm-runtime/dist/ort-wasm-simd-threaded.wasm',
    ]) {
      copyFileSync(join(folder, 'node_modules', file), join(out, file.replace(/^.*\//, '')));
    }
    const gpuWasm = 'ort-wasm-simd-threaded.asyncify.wasm';
    copyFileSync(join(ROOT, 'node_modules/onnxruntime-web/dist', gpuWasm), join(out, gpuWasm));
    const server = await serveFolder(out);
    try {
      const outcome = await visit(server.url, SOFTWARE_GPU);
      expect(outcome.values, JSON.stringify(outcome)).toBe(512);
      expect(outcome.difference).toBeLessThan(1e-4);
    } finally {
      server.close();
    }
  });
});
