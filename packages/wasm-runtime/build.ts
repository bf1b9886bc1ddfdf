import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { tune } from './tuning/tune.ts';

const WASM = 'ort-wasm-simd-threaded.wasm';

/**
 * Copies one build of onnxruntime-web (14 of its 140 MB) to `dist`: its WebAssembly with the tuned matrix product, and
 * the scripts that load it on servers.
 * @throws when the matrix product of the build is not the known one.
 */
export async function buildRuntime(): Promise<void> {
  const source = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
  const target = fileURLToPath(new URL('dist/', import.meta.url));
  mkdirSync(target, { recursive: true });
  const wasm = readFileSync(join(source, WASM));
  if (!tune(wasm)) throw new Error(`${WASM} of onnxruntime-web is not the build that tune() knows`);
  writeFileSync(join(target, WASM), wasm);
  copyFileSync(join(source, 'ort-wasm-simd-threaded.mjs'), join(target, 'ort-wasm-simd-threaded.mjs'));
  await build({
    entryPoints: [join(source, 'ort.node.min.js')],
    outfile: join(target, 'ort.node.min.cjs'),
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    legalComments: 'inline',
  });
}
