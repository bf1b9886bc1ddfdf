import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { ROOT, workerd } from '../runtimes/runtimes.ts';
import { startWorkerd } from '../runtimes/workerd-server.ts';
import { routeSuite } from './route-suite.ts';

const PROGRAM = '../../server/programs/workerd.mjs';
const runtime = workerd();

if (runtime.missing === undefined) {
  routeSuite(
    'the server on workerd',
    async () => {
      const server = await startWorkerd(runtime, PROGRAM);
      return { fetch: (path, init) => fetch(`${server.url}${path}`, init), close: server.stop };
    },
    { timeStandsStill: true, approximate: true, cutsUploads: true },
  );
} else {
  describe('the server on workerd', () => {
    it.skip(`not tested: ${runtime.missing}`);
  });
}

describe('an upload to Cloudflare Workers', () => {
  it('is within 10 MB compressed, the limit of the paid plan', async () => {
    const { outputFiles } = await build({
      entryPoints: [join(ROOT, 'tests/server/programs/workerd.mjs')],
      bundle: true,
      write: false,
      minify: true,
      format: 'esm',
      platform: 'browser',
      conditions: ['workerd', 'worker', 'browser'],
      external: ['*.wasm', '*.bin', 'module', 'worker_threads', 'node:*'],
      logLevel: 'silent',
    });
    const parts = {
      script: outputFiles[0]?.contents ?? new Uint8Array(),
      wasm: readFileSync(join(ROOT, 'node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm')),
      weights: readFileSync(join(ROOT, 'models/fast-cnn/fast-cnn.onnx')),
      segmenter: readFileSync(join(ROOT, 'models/segmenter/segmenter.onnx')),
    };
    const sizes = Object.values(parts).map((part) => gzipSync(part).length);
    expect(Math.min(...sizes)).toBeGreaterThan(10_000);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(10_000_000);
  });
});
