/**
 * `npm run docs`: builds the documentation site into docs/.vitepress/dist. TypeDoc generates the reference from the
 * declarations; VitePress builds the site and fails on dead links. Both are installed once, into docs/.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DOCS = join(ROOT, 'docs');
const tool = (path) => join(DOCS, 'node_modules', path);

if (!existsSync(tool('vitepress'))) run('npm', ['ci', '--ignore-scripts=false', '--loglevel=error'], DOCS);
rmSync(join(DOCS, 'api'), { recursive: true, force: true });
const entries = [
  'index.ts',
  'metrics/index.ts',
  'words/index.ts',
  'backends/node/index.ts',
  'backends/wasm/page.ts',
  'pipelines/parts.ts',
];
run(process.execPath, [
  tool('typedoc/bin/typedoc'),
  '--plugin',
  tool('typedoc-plugin-markdown/dist/index.js'),
  '--tsconfig',
  'packages/sdk/tsconfig.json',
  ...entries.flatMap((entry) => ['--entryPoints', `packages/sdk/src/${entry}`]),
  '--out',
  'docs/api',
  '--readme',
  'none',
  '--entryFileName',
  'index',
  '--skipErrorChecking',
  '--disableSources',
  '--excludeInternal',
  '--excludePrivate',
  '--logLevel',
  'Error',
]);
run(process.execPath, [tool('vitepress/bin/vitepress.js'), 'build', 'docs']);

function run(command, args, cwd = ROOT) {
  const shell = process.platform === 'win32' && command === 'npm';
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', shell });
  if (status !== 0) process.exit(status ?? 1);
}
