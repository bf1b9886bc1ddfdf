import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, removeFolder } from '../packaging/packed.ts';
import { bun } from '../runtimes/runtimes.ts';
import {
  CHROMIUM,
  closeBrowser,
  consumer,
  type Outcome,
  PAGE,
  PAGE_SCRIPT,
  serveFolder,
  startTool,
  visit,
  WITHOUT_CHROMIUM,
  write,
} from './consumer.ts';
import { tool } from './tools.ts';

/** The bundlers that users have, on the packed packages, configured only as README.md says. */

const folders: string[] = [];
function fresh(files: Record<string, string> = {}): string {
  const folder = consumer(files);
  folders.push(folder);
  return folder;
}
afterAll(async () => {
  await closeBrowser();
  for (const folder of folders) removeFolder(folder);
});

const FOUND = { backend: 'wasm', speakers: 3 };
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** Runs a tool to its end; it must succeed. */
function run(command: readonly string[], cwd: string, env: Record<string, string> = {}): string {
  const [file = '', ...args] = command;
  const result = spawnSync(file, args, { cwd, encoding: 'utf8', timeout: 600_000, env: { ...process.env, ...env } });
  expect(result.status, `${result.stdout}${result.stderr}`).toBe(0);
  return result.stdout;
}

async function visitFolder(folder: string, headers = {}): Promise<Outcome> {
  const server = await serveFolder(folder, headers);
  try {
    return await visit(server.url);
  } finally {
    server.close();
  }
}

describe.skipIf(!CHROMIUM)(`in Chromium${WITHOUT_CHROMIUM}`, () => {
  for (const name of ['vite6', 'vite7', 'vite8']) {
    const vite = tool(name, 'bin/vite.js');
    describe.skipIf(vite.missing)(`${name}${vite.note}`, () => {
      let folder = '';
      beforeAll(() => {
        folder = fresh({ 'index.html': PAGE, 'main.js': PAGE_SCRIPT() });
      });

      it('development server, without configuration', async () => {
        const server = await startTool([process.execPath, vite.path, '--port', '0', '--host', '127.0.0.1'], folder);
        try {
          expect(await visit(server.url)).toMatchObject(FOUND);
        } finally {
          server.close();
        }
      });

      it('build, without configuration', async () => {
        run([process.execPath, vite.path, 'build'], folder);
        expect(await visitFolder(join(folder, 'dist'))).toMatchObject(FOUND);
      });

      it('build, two threads in a page with cross-origin isolation', async () => {
        write(folder, { 'main.js': PAGE_SCRIPT('{ backend: wasmBackend({ threads: 2 }) }') });
        run([process.execPath, vite.path, 'build'], folder);
        expect(await visitFolder(join(folder, 'dist'), ISOLATED)).toMatchObject(FOUND);
      });
    });
  }

  const webpack = tool('webpack', 'bin/webpack.js');
  it.skipIf(webpack.missing)(`webpack 5, without configuration${webpack.note}`, async () => {
    const folder = fresh({ 'src/index.js': PAGE_SCRIPT() });
    write(join(folder, 'public'), { 'index.html': PAGE });
    run([process.execPath, webpack.path, '--mode', 'production', '-o', 'public', '--entry', './src/index.js'], folder);
    expect(await visitFolder(join(folder, 'public'))).toMatchObject(FOUND);
  });

  const parcel = tool('parcel', 'lib/bin.js');
  it.skipIf(parcel.missing)(`Parcel 2, with packageExports${parcel.note}`, async () => {
    const folder = fresh({ 'src/index.html': PAGE.replace('/main.js', './main.js'), 'src/main.js': PAGE_SCRIPT() });
    const manifest = { name: 'consumer', '@parcel/resolver-default': { packageExports: true } };
    write(folder, { 'package.json': JSON.stringify(manifest) });
    run([process.execPath, parcel.path, 'build', 'src/index.html', '--dist-dir', 'public', '--no-cache'], folder);
    expect(await visitFolder(join(folder, 'public'))).toMatchObject(FOUND);
  });

  const rollup = tool('rollup', 'dist/bin/rollup');
  it.skipIf(rollup.missing)(`Rollup 4, with the three files copied beside the bundle${rollup.note}`, async () => {
    const folder = fresh({
      'main.js': PAGE_SCRIPT(),
      'rollup.config.mjs': `
        import { createRequire } from 'node:module';
        const { nodeResolve } = createRequire(${JSON.stringify(rollup.path)})('@rollup/plugin-node-resolve');
        export default {
          input: 'main.js', output: { dir: 'public', format: 'es', chunkFileNames: '[name].js' },
          plugins: [nodeResolve({ browser: true })],
        };`,
    });
    write(join(folder, 'public'), { 'index.html': PAGE });
    run([process.execPath, rollup.path, '-c', 'rollup.config.mjs', '--silent'], folder);
    const modules = join(folder, 'node_modules/@voiceflow-ml');
    // Above the script lies the root here, so the weights are beside it for browsers.
    copyFileSync(join(modules, 'fast-cnn/fast-cnn.onnx'), join(folder, 'public/fast-cnn.onnx'));
    copyFileSync(join(modules, 'segmenter/segmenter.onnx'), join(folder, 'public/segmenter.onnx'));
    const wasm = 'ort-wasm-simd-threaded.wasm';
    copyFileSync(join(modules, 'wasm-runtime/dist', wasm), join(folder, 'public', wasm));
    expect(await visitFolder(join(folder, 'public'))).toMatchObject(FOUND);
  });
});

/** On servers: a program that prints what it found. */
const PROGRAM = (options = '') => `
import { readFileSync } from 'node:fs';
import { createDiarizer, fastCnnFrom, segmenterFrom, wasmBackend } from 'voiceflow-ml';
const file = new Uint8Array(readFileSync('public/conversation.wav'));
const diarizer = await createDiarizer(${options});
const result = await diarizer.diarize(file.slice(0, 44 + 18 * 32000));
await diarizer.close();
console.log(JSON.stringify({ backend: result.backend, speakers: result.speakers.length }));
`;
const FILES = {
  segmenter: 'node_modules/@voiceflow-ml/segmenter/segmenter.onnx',
  weights: 'node_modules/@voiceflow-ml/fast-cnn/fast-cnn.onnx',
  wasm: 'node_modules/@voiceflow-ml/wasm-runtime/dist/ort-wasm-simd-threaded.wasm',
};
const CARRIED = `{
  model: {
    ...fastCnnFrom(readFileSync('fast-cnn.onnx')),
    segmenter: segmenterFrom(readFileSync('segmenter.onnx')),
  },
  backend: wasmBackend({ wasm: readFileSync('ort.wasm') }),
}`;

describe('servers in a single file', () => {
  it.each(['esm', 'cjs'] as const)('esbuild (%s), with the three files included', async (format) => {
    const folder = fresh();
    const source = format === 'cjs' ? `(async () => {${PROGRAM(CARRIED).replace(/import .*\n/g, '')}})()` : '';
    const imports =
      PROGRAM(CARRIED)
        .match(/import .*\n/g)
        ?.join('') ?? '';
    write(folder, { 'main.mjs': format === 'cjs' ? imports + source : PROGRAM(CARRIED) });
    const outfile = join(folder, `out.${format === 'cjs' ? 'cjs' : 'mjs'}`);
    await build({
      entryPoints: [join(folder, 'main.mjs')],
      outfile,
      bundle: true,
      platform: 'node',
      format,
      external: ['onnxruntime-node'],
      logLevel: 'silent',
    });
    copyFileSync(join(folder, FILES.weights), join(folder, 'fast-cnn.onnx'));
    copyFileSync(join(folder, FILES.segmenter), join(folder, 'segmenter.onnx'));
    copyFileSync(join(folder, FILES.wasm), join(folder, 'ort.wasm'));
    removeFolder(join(folder, 'node_modules'));
    expect(JSON.parse(run([process.execPath, outfile], folder))).toEqual(FOUND);
  });

  const { missing, command } = bun();
  it.skipIf(missing)(`bun build --compile${missing ? ` (skipped: ${missing})` : ''}`, () => {
    const folder = fresh({
      'main.ts': `
import weights from './${FILES.weights}' with { type: 'file' };
import segments from './${FILES.segmenter}' with { type: 'file' };
import wasm from './${FILES.wasm}' with { type: 'file' };
${PROGRAM(`{
  model: { ...fastCnnFrom(readFileSync(weights)), segmenter: segmenterFrom(readFileSync(segments)) },
  backend: wasmBackend({ wasm: readFileSync(wasm) }),
}`)}`,
    });
    run([...command, 'build', '--compile', '--external', 'onnxruntime-node', 'main.ts', '--outfile', 'who'], folder);
    removeFolder(join(folder, 'node_modules'));
    expect(JSON.parse(run([join(folder, 'who')], folder))).toEqual(FOUND);
  });

  it('CommonJS: require()', () => {
    const folder = fresh({
      'main.cjs': `
const { createDiarizer } = require('voiceflow-ml');
createDiarizer({ backend: 'wasm' }).then(async (diarizer) => {
  console.log(typeof diarizer.diarize);
  await diarizer.close();
});`,
    });
    expect(run([process.execPath, '--no-warnings', 'main.cjs'], folder)).toBe('function\n');
  });
});

const wrangler = tool('wrangler', 'bin/wrangler.js');
it.skipIf(wrangler.missing)(`examples/edge builds with wrangler, within 10 MB${wrangler.note}`, () => {
  const folder = fresh();
  cpSync(join(ROOT, 'examples/edge'), folder, { recursive: true });
  const said = run([process.execPath, wrangler.path, 'deploy', '--dry-run', '--outdir', 'out'], folder, {
    WRANGLER_SEND_METRICS: 'false',
    CI: '1',
  });
  const kilobytes = Number(/gzip: ([\d.]+) KiB/.exec(said)?.[1]);
  expect(kilobytes).toBeGreaterThan(1000);
  expect(kilobytes).toBeLessThan(10_000);
});

const next = tool('next', 'dist/bin/next');
describe.skipIf(next.missing)(`examples/next with Next 16${next.note}`, () => {
  it('builds, and its API route diarizes with the native backend', async () => {
    const folder = fresh();
    cpSync(join(ROOT, 'examples/next'), folder, { recursive: true });
    // Real folders: Turbopack follows no link out of the project.
    run(['cp', '-a', `${next.folder}node_modules/.`, join(folder, 'node_modules')], folder);
    run(['cp', '-a', join(ROOT, 'node_modules/onnxruntime-node'), join(folder, 'node_modules')], folder);
    run(['cp', '-a', join(ROOT, 'node_modules/onnxruntime-common'), join(folder, 'node_modules')], folder);
    // The folder's own: one of another folder would bring a second React along.
    const program = join(folder, 'node_modules/next/dist/bin/next');
    run([process.execPath, program, 'build'], folder, { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' });
    const server = await startTool([process.execPath, program, 'start', '-p', '0', '-H', '127.0.0.1'], folder);
    try {
      const body = readFileSync(join(folder, 'public/conversation.wav'));
      const response = await fetch(`${server.url}api/who`, { method: 'POST', body });
      expect(await response.json()).toMatchObject({ backend: 'node' });
    } finally {
      server.close();
    }
  });
});
