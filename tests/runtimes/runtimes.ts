import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { type Ended, ended } from '../processes.ts';

/** The runtimes that VoiceFlow supports, fetched on demand by npm into folders of their own. */

export interface Runtime {
  readonly name: string;
  /** Why it is not here, when it is not. */
  readonly missing?: string;
  /** What the program itself must report as its runtime. */
  readonly identity: RegExp;
  readonly command: readonly string[];
}

const HERE = fileURLToPath(new URL('.', import.meta.url));
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A download of 100 MB on a slow line. */
const INSTALL_TIMEOUT_MS = 300_000;

/** A program that is not done by then never will be. */
const PROGRAM_TIMEOUT_MS = 300_000;

/**
 * For tests that wait for a program's end: Node 20 itself hangs there once in a long while (nodejs/node#54918: its
 * main thread waits for a compilation that waits for the main thread).
 */
export const AGAIN = { retry: 1, timeout: 2 * PROGRAM_TIMEOUT_MS + 10_000 } as const;

/** The host's Node runs vitest itself; the others are fetched. */
const NODES = ['20', '22', '24'].filter((major) => major !== process.versions.node.split('.')[0]);

/** All runtimes; those that could not be fetched say so (on CI that is an error). */
export function runtimes(): Runtime[] {
  const node = (major: string) =>
    fetched(`Node ${major}`, `node-${major}`, 'node/bin/node', [], new RegExp(`^node ${major}\\.`));
  return [
    { name: `Node ${process.versions.node.split('.')[0]}`, command: [process.execPath], identity: /^node / },
    ...NODES.map(node),
    bun(),
    deno('run', '--allow-all', '--quiet'),
  ];
}

export function bun(): Runtime {
  return fetched('Bun', '.', 'bun/bin/bun.exe', [], /^bun /);
}

export function deno(...args: readonly string[]): Runtime {
  return fetched('Deno', '.', 'deno/deno', args, /^deno /);
}

/** Cloudflare's runtime: a server that is given a configuration, not a program. */
export function workerd(): Runtime {
  return fetched('workerd', 'workerd', 'workerd/bin/workerd', [], /^workerd$/);
}

function fetched(name: string, folder: string, binary: string, args: readonly string[], identity: RegExp): Runtime {
  const path = join(HERE, folder, 'node_modules', binary);
  const runtime = { name, command: [path, ...args], identity };
  if (works(path)) return runtime;
  const problem = inTurn(folder, () => (works(path) ? '' : install(folder)));
  if (works(path)) return runtime;
  const missing = `${name} could not be fetched: ${problem}`;
  if (process.env.CI) throw new Error(missing);
  return { ...runtime, missing };
}

/** Test files run side by side, and each wants the runtimes: a folder is the lock. */
function inTurn<T>(folder: string, task: () => T): T {
  const lock = join(HERE, folder, 'installing');
  while (!take(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  try {
    return task();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function take(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    // Left behind by a process that was killed.
    if (Date.now() - since > 2 * INSTALL_TIMEOUT_MS) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

function works(path: string): boolean {
  return existsSync(path) && spawnSync(path, ['--version']).status === 0;
}

function install(folder: string): string {
  const args = ['ci', '--ignore-scripts=false', '--no-audit', '--no-fund', '--loglevel=error'];
  const options = { cwd: join(HERE, folder), encoding: 'utf8', timeout: INSTALL_TIMEOUT_MS } as const;
  const result: SpawnSyncReturns<string> = spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  const said = `${result.error?.message ?? ''}${result.stderr ?? ''}`.trim();
  return said.split('\n')[0] || `npm ci ended with ${result.status}`;
}

/** Runs a program of `programs/` to its end. */
export function runProgram(runtime: Runtime, program: string, args: readonly string[] = []): Promise<Ended> {
  const [command = '', ...before] = runtime.command;
  const child = spawn(command, [...before, join(HERE, 'programs', program), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
    timeout: PROGRAM_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  return ended(child);
}
