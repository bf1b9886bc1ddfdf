import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { defineConfig, type Options } from 'tsup';
import { buildPage } from './packages/server/page/build.ts';
import { buildRuntime } from './packages/wasm-runtime/build.ts';

/** `import { script } from './worker.ts?script'`: the module with all it needs, as text to start a worker from. */
const script: Plugin = {
  name: 'script',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?script$/ }, ({ path, importer }) => ({
      path: resolve(dirname(importer), path.replace('?script', '')),
      namespace: 'script',
    }));
    onLoad({ filter: /.*/, namespace: 'script' }, async ({ path }) => {
      const { outputFiles, metafile } = await build({
        entryPoints: [path],
        bundle: true,
        write: false,
        minify: true,
        metafile: true,
        format: 'esm',
        platform: 'neutral',
        target: 'es2022',
        external: ['node:*'],
        conditions: ['import'],
        legalComments: 'inline',
      });
      const text = JSON.stringify(outputFiles[0]?.text);
      return { contents: `export const script = ${text};`, loader: 'js', watchFiles: Object.keys(metafile.inputs) };
    });
  },
};

/** `import { html } from '…/page/build.ts?page'`: the server's page as one text. */
const page: Plugin = {
  name: 'page',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?page$/ }, ({ path }) => ({ path, namespace: 'page' }));
    onLoad({ filter: /.*/, namespace: 'page' }, async () => {
      const { html, files } = await buildPage();
      return { contents: `export const html = ${JSON.stringify(html)};`, loader: 'js', watchFiles: [...files] };
    });
  },
};

/**
 * onnxruntime-web within our bundles gets its WebAssembly handed over; its own address of it would send bundlers
 * looking for a file that is not there. (In workers' scripts the address is the script's, from which threads start.)
 */
const addressless: Plugin = {
  name: 'addressless',
  setup({ onLoad }) {
    onLoad({ filter: /ort\.wasm\.bundle\.min\.mjs$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', '"blob:voiceflow"'),
      loader: 'js',
    }));
  },
};

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
  // Names are kept, and nothing is minified: a map would be 60 % of a package.
  sourcemap: false,
  // Names of shared chunks change with their content: old ones would be published. Declarations are tsc's.
  clean: ['!**/*.d.ts', '!**/*.tsbuildinfo'],
  dts: false,
  silent: true,
  skipNodeModulesBundle: true,
  esbuildPlugins: [script],
  ...more,
});

export default defineConfig([
  esm(
    'packages/sdk',
    [
      'index.ts',
      'node.ts',
      'workerd.ts',
      'core.ts',
      'metrics/index.ts',
      'words/index.ts',
      'pipelines/parts.ts',
      'testing/index.ts',
      'backends/index.ts',
      'installed/index.ts',
      'backends/node/index.ts',
      'backends/wasm/page.ts',
      'backends/wasm/node.ts',
      'backends/wasm/workerd.ts',
    ],
    { noExternal: [/^onnxruntime-web/], esbuildPlugins: [script, addressless] },
  ),
  esm('packages/wasm-runtime', ['index.ts', 'node.ts'], { onSuccess: buildRuntime }),
  esm('models/fast-cnn', ['index.ts', 'node.ts']),
  esm('models/segmenter', ['index.ts', 'node.ts']),
  esm('packages/codecs', ['index.ts', 'node.ts']),
  esm(
    'packages/jobs',
    { index: 'index.ts', options: 'options.ts', 'pglite-thread': 'database/pglite-thread.ts' },
    { platform: 'node' },
  ),
  esm(
    'packages/server',
    {
      index: 'index.ts',
      client: 'client/index.ts',
      args: 'args/index.ts',
      node: 'adapters/node/server.ts',
      bun: 'adapters/bun/server.ts',
      deno: 'adapters/deno/server.ts',
      workerd: 'adapters/workerd/handler.ts',
      worker: 'engine/processes/worker-main.ts',
      'main-node': 'adapters/node/main.ts',
      'main-job-worker': 'adapters/node/main-job-worker.ts',
      'main-bun': 'adapters/bun/main.ts',
      'main-deno': 'adapters/deno/main.ts',
      'testing/faulty-worker': 'testing/faulty-worker.ts',
    },
    { esbuildPlugins: [script, page] },
  ),
  esm('packages/cli', ['main.ts', 'render/index.ts'], { platform: 'node' }),
  esm('bench', ['main.ts']),
]);
