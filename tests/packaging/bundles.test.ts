import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';
import { expect, it } from 'vitest';
import { ROOT } from './packed.ts';

const WASM = 'packages/wasm-runtime/dist/ort-wasm-simd-threaded.wasm';

/** What bundlers make of the packages. */

/** What people feel (docs/architecture.md): minified and gzipped. */
// All exports. Pipelines of models that are fetched come later, in files of their own, and do not count.
const CORE_BYTES = 52_500;
/** What a page takes of it beside a backend: a diarizer, with live sessions and audio. 44.3 kB when this was written. */
const PAGE_BYTES = 45_000;
/** All that the first visit of a page fetches: that part, both networks, ONNX Runtime in WebAssembly. */
const VISIT_BYTES = 7_000_000;

const built = (source: string, options: BuildOptions) =>
  build({
    ...options,
    stdin: { contents: source, resolveDir: ROOT },
    bundle: true,
    write: false,
    minify: true,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'silent',
  });

async function bundle(source: string, options: BuildOptions = {}) {
  const { metafile, outputFiles } = await built(source, options);
  const [output] = Object.values(metafile.outputs);
  const text = outputFiles[0]?.text ?? '';
  return { text, gzipped: gzipSync(text, { level: 9 }).length, imports: output?.imports.map(({ path }) => path) ?? [] };
}

/** What is loaded at once, where a bundler makes files of what is imported later. */
async function entryChunk(source: string) {
  const { metafile, outputFiles } = await built(source, { ...neutral, splitting: true, outdir: '/out' });
  const textOf = (name: string) =>
    outputFiles.find(({ path }) => path.endsWith(name.replace(/^.*\//, '/')))?.text ?? '';
  const names = Object.keys(metafile.outputs);
  const entry = names.find((name) => metafile.outputs[name]?.entryPoint !== undefined && /stdin/.test(name)) ?? '';
  const first = new Set([entry]);
  for (const name of first) {
    for (const { path, kind } of metafile.outputs[name]?.imports ?? [])
      if (kind === 'import-statement') first.add(path);
  }
  const text = [...first].map(textOf).join('');
  return { text, gzipped: gzipSync(text, { level: 9 }).length };
}

const neutral = { platform: 'neutral' } as const;

it('voiceflow-ml/core imports nothing and does not depend on a runtime', async () => {
  const { text, imports } = await bundle("export * from 'voiceflow-ml/core'", neutral);
  expect(imports).toEqual([]);
  expect(text.length).toBeGreaterThan(10_000);
  expect(text.match(/\b(process|Buffer|Deno|Bun|document)\s*[.[(?]|\brequire\s*\(|["']node:|\bconsole\./g)).toBeNull();
});

it(`voiceflow-ml/core is at most ${CORE_BYTES / 1000} kB minified and gzipped`, async () => {
  const { gzipped } = await entryChunk("export * from 'voiceflow-ml/core'");
  expect(gzipped).toBeLessThanOrEqual(CORE_BYTES);
});

it(`the first visit of a page downloads at most ${VISIT_BYTES / 1e6} MB gzipped`, async () => {
  const files = ['models/fast-cnn/fast-cnn.onnx', 'models/segmenter/segmenter.onnx', WASM].map((path) => {
    return gzipSync(readFileSync(join(ROOT, path)), { level: 9 }).length;
  });
  const { gzipped } = await entryChunk("export { createDiarizer } from 'voiceflow-ml/core'");
  expect(files.reduce((sum, bytes) => sum + bytes, gzipped)).toBeLessThanOrEqual(VISIT_BYTES);
});

it(`createDiarizer in a page’s bundle is at most ${PAGE_BYTES / 1000} kB`, async () => {
  const { gzipped } = await entryChunk("export { createDiarizer } from 'voiceflow-ml/core'");
  expect(gzipped).toBeLessThanOrEqual(PAGE_BYTES);
});

it.each([
  'voiceflow-ml/core',
  'voiceflow-ml/metrics',
  'voiceflow-ml/words',
  'voiceflow-ml/stages',
  'voiceflow-ml/testing',
  'voiceflow-ml/backends',
  'voiceflow-ml/backends/node',
  'voiceflow-ml/backends/wasm',
  '@voiceflow-ml/fast-cnn',
  '@voiceflow-ml/segmenter',
  'voiceflow-ml',
])('%s has no side effects on import', async (name) => {
  const options: BuildOptions = { platform: 'node', external: ['onnxruntime-node'] };
  // Only the imports: a bundler drops what has no side effects.
  const { text } = await bundle(`import '${name}'`, options);
  expect(text.trim()).toBe('');
});

it('voiceflow-ml bundles for browsers without Node modules', async () => {
  const { text, imports } = await bundle("export * from 'voiceflow-ml'", {
    platform: 'browser',
  });
  expect(imports).toEqual([]);
  expect(text).toContain('fast-cnn.onnx');
  // ONNX Runtime's own script counts processors in this way where there is no `navigator`.
  expect(text.replace(/\w+\(\\?"node:os\\?"\)/g, '').match(/["']node:/g)).toBeNull();
});

it('voiceflow-ml bundles for workerd, including the runtime', async () => {
  const { text, imports } = await bundle("export * from 'voiceflow-ml'", {
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser'],
    // Behind checks for Node that fail there.
    external: ['module', 'worker_threads', 'node:*'],
  });
  expect(imports.filter((path) => !['module', 'worker_threads'].includes(path.replace('node:', '')))).toEqual([]);
  expect(text).toContain('workerd needs the compiled WebAssembly module');
});
