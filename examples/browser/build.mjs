/**
 * Builds the page into a folder of static files, which any host can serve:
 *
 *   node examples/browser/build.mjs [FOLDER] [--serve]     default: examples/browser/dist
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join, normalize, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const args = process.argv.slice(2);
const out = resolve(args.find((arg) => !arg.startsWith('--')) ?? join(here, 'dist'));
const script = 'assets/main.js';
mkdirSync(join(out, 'assets'), { recursive: true });
await build({
  entryPoints: [join(here, 'src/main.ts')],
  outfile: join(out, script),
  bundle: true,
  minify: true,
  format: 'esm',
  logLevel: 'error',
});
copyFileSync(join(here, 'index.html'), join(out, 'index.html'));

// esbuild does not copy these files. The script looks for the runtime beside itself and for the weights one folder
// above, as they lie in their packages.
const { resolve: find } = createRequire(import.meta.url);
const wasm = 'ort-wasm-simd-threaded.wasm';
copyFileSync(find(`@voiceflow-ml/wasm-runtime/${wasm}`), join(out, 'assets', wasm));
for (const name of ['fast-cnn', 'segmenter']) {
  copyFileSync(find(`@voiceflow-ml/${name}/${name}.onnx`), join(out, `${name}.onnx`));
}

if (args.includes('--serve')) {
  const types = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    const file = join(out, path === '/' ? 'index.html' : path);
    const bytes = await readFile(file).catch(() => undefined);
    response.writeHead(bytes ? 200 : 404, { 'content-type': types[extname(file)] ?? 'application/octet-stream' });
    response.end(bytes ?? 'not found');
  });
  server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
}
