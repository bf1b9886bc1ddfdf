import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';
import { expect, it } from 'vitest';
import { ROOT } from './packed.ts';

/** What bundlers make of the packages. */

/** What people feel (docs/architecture.md): minified and gzipped. */
// The aim is 45 kB. Two pipelines, channels and naming brought it to 53.4: the recordings pipeline is to be loaded by models that need it.
const CORE_BYTES = 54_000;

async function bundle(source: string, options: BuildOptions = {}) {
  const { metafile, outputFiles } = await build({
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
  const [output] = Object.values(metafile.outputs);
  const text = outputFiles[0]?.text ?? '';
  return { text, gzipped: gzipSync(text, { level: 9 }).length, imports: output?.imports.map(({ path }) => path) ?? [] };
}

const neutral = { platform: 'neutral' } as const;

it('voiceflow-ml/core imports nothing and knows no runtime', async () => {
  const { text, imports } = await bundle("export * from 'voiceflow-ml/core'", neutral);
  expect(imports).toEqual([]);
  expect(text.length).toBeGreaterThan(10_000);
  expect(text.match(/\b(process|Buffer|Deno|Bun|document)\s*[.[(?]|\brequire\s*\(|["']node:|\bconsole\./g)).toBeNull();
});

it(`voiceflow-ml/core is at most ${CORE_BYTES / 1000} kB minified and gzipped`, async () => {
  const { gzipped } = await bundle("export * from 'voiceflow-ml/core'", neutral);
  expect(gzipped).toBeLessThanOrEqual(CORE_BYTES);
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
])('%s does nothing when it is imported', async (name) => {
  const options: BuildOptions = { platform: 'node', external: ['onnxruntime-node'] };
  // Only the imports: a bundler drops what has no side effects.
  const { text } = await bundle(`import '${name}'`, options);
  expect(text.trim()).toBe('');
});

it('voiceflow-ml bundles for browsers without a module of Node’s', async () => {
  const { text, imports } = await bundle("export * from 'voiceflow-ml'", {
    platform: 'browser',
  });
  expect(imports).toEqual([]);
  expect(text).toContain('fast-cnn.fp16.onnx');
  // ONNX Runtime's own script counts processors in this way where there is no `navigator`.
  expect(text.replace(/\w+\(\\?"node:os\\?"\)/g, '').match(/["']node:/g)).toBeNull();
});

it('voiceflow-ml bundles for workerd, runtime and all', async () => {
  const { text, imports } = await bundle("export * from 'voiceflow-ml'", {
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser'],
    // Behind checks for Node that fail there.
    external: ['module', 'worker_threads', 'node:*'],
  });
  expect(imports.filter((path) => !['module', 'worker_threads'].includes(path.replace('node:', '')))).toEqual([]);
  expect(text).toContain('workerd needs the compiled WebAssembly module');
});
