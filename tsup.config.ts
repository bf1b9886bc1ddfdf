import { defineConfig, type Options } from 'tsup';

/** One ESM bundle a package; declarations come from `tsc -b`, which also type-checks. */
const esm = (dir: string, entry: readonly string[] | Record<string, string>, more: Options = {}): Options => ({
  entry: Array.isArray(entry)
    ? entry.map((file) => `${dir}/src/${file}`)
    : Object.fromEntries(Object.entries(entry).map(([name, file]) => [name, `${dir}/src/${file}`])),
  outDir: `${dir}/dist`,
  tsconfig: `${dir}/tsconfig.json`,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  sourcemap: true,
  clean: false,
  dts: false,
  silent: true,
  external: [/^node:/, /^onnxruntime-/, /^@voiceflow-ml\//, 'voiceflow-ml'],
  ...more,
});

export default defineConfig([
  esm('packages/core', ['index.ts', 'testing/index.ts']),
  esm('packages/ort-node', ['index.ts']),
  esm('packages/ort-web', ['index.ts']),
  esm('models/fast-cnn', ['index.ts']),
  esm('packages/voiceflow', ['index.ts']),
  esm('packages/server', ['index.ts']),
  esm('packages/cli', ['main.ts']),
  esm('bench', ['index.ts']),
]);
