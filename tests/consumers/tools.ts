import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The bundlers and frameworks of the trials, fetched by npm into a folder of their own. */
const FOLDER = fileURLToPath(new URL('tools/', import.meta.url));
const TIMEOUT_MS = 600_000;

interface Tool {
  readonly path: string;
  readonly folder: string;
  readonly missing: boolean;
  /** For the title: why it is skipped. */
  readonly note: string;
}

let problem: string | undefined;

/** A program of a package; fetched with all others where it is not there. */
export function tool(name: string, program: string): Tool {
  const path = join(FOLDER, 'node_modules', name, program);
  if (!existsSync(path) && problem === undefined) {
    // Not `ci`, which refuses a lock file whose optional packages a registry does not have.
    const args = ['install', '--no-save', '--ignore-scripts=false', '--no-audit', '--no-fund', '--loglevel=error'];
    const { status, stderr, error } = spawnSync('npm', args, { cwd: FOLDER, encoding: 'utf8', timeout: TIMEOUT_MS });
    problem =
      status === 0 ? '' : (error?.message ?? stderr.trim().split('\n')[0] ?? `npm install ended with ${status}`);
  }
  const missing = !existsSync(path);
  return { path, folder: FOLDER, missing, note: missing ? ` (skipped: ${name} could not be fetched: ${problem})` : '' };
}
