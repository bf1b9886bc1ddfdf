/**
 * Prepares a fresh clone: installs missing dependencies and builds stale packages.
 *
 *   node scripts/setup.mjs [--build]     --build: always build
 *
 * Plain Node ≥ 20, no dependencies: it runs before there are any.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OLDEST_NODE = 20;

checkNode();
if (!isInstalled()) install();
if (process.argv.includes('--build') || isStale()) build();

function checkNode() {
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) return;
  fail(`VoiceFlow needs Node ${OLDEST_NODE} or newer; this is ${process.version}`);
}

/** Whether node_modules holds what the lock file lists, by the copy of the lock file that npm writes there. */
function isInstalled() {
  const wanted = readLock('package-lock.json');
  const present = readLock('node_modules/.package-lock.json');
  return Object.entries(wanted).every(([path, { version, optional, peer }]) => {
    if (!path.startsWith('node_modules/')) return true;
    const found = present[path];
    return found ? found.version === version : Boolean(optional || peer);
  });
}

function readLock(file) {
  const path = join(ROOT, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {};
}

function install() {
  console.error('setup: installing the dependencies (npm ci)');
  // The install script of onnxruntime-node downloads CUDA files from outside the registry; VoiceFlow does not use them.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' };
  run('installing', npm(), ['ci', '--no-audit', '--no-fund', '--loglevel=error'], env);
}

/** The npm that started this script, or the one on the path. */
function npm() {
  const { npm_execpath: path } = process.env;
  return path?.endsWith('.js') ? [process.execPath, path] : ['npm'];
}

/** Whether a source file is newer than the build. */
function isStale() {
  const workspaces = ['packages', 'models'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => join(folder, name)),
  );
  const entries = workspaces.map((folder) => join(ROOT, folder, 'package.json')).filter(existsSync);
  const built = entries.flatMap(filesOfExports).map(timeOf);
  const sources = workspaces.flatMap((folder) => [...timesBelow(join(ROOT, folder, 'src'))]);
  const others = [
    'tsup.config.ts',
    'package-lock.json',
    'models/fast-cnn/manifest.json',
    'models/segmenter/manifest.json',
  ];
  const newest = Math.max(...sources, ...others.map((file) => timeOf(join(ROOT, file))));
  return built.length === 0 || Math.min(...built) < newest;
}

/** The built files that a package exports. */
function filesOfExports(manifest) {
  const { exports = {} } = JSON.parse(readFileSync(manifest, 'utf8'));
  const files = [];
  const collect = (value) => {
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect);
    else if (/^\.\/dist\/.*\.js$/.test(value)) files.push(join(manifest, '..', value));
  };
  collect(exports);
  return files;
}

function* timesBelow(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && !entry.name.endsWith('.test.ts'))
      yield timeOf(join(entry.parentPath ?? entry.path, entry.name));
  }
}

/** 0 for a missing file, so that it is older than any other. */
function timeOf(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function build() {
  console.error('setup: building the packages (tsup)');
  run('building', [process.execPath, join(ROOT, 'node_modules/tsup/dist/cli-default.js')], []);
}

/** Runs a command; prints its output only when it fails. */
function run(what, [command, ...before], args, env = process.env) {
  const shell = process.platform === 'win32' && command === 'npm';
  const result = spawnSync(command, [...before, ...args], { cwd: ROOT, env, shell, encoding: 'utf8' });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}\n`);
  fail(`${what} failed${result.error ? `: ${result.error.message}` : ` with exit code ${result.status}`}`);
}

function fail(message) {
  process.stderr.write(`setup: ${message}\n`);
  process.exit(1);
}
