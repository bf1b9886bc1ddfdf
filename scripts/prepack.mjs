/**
 * Runs before npm packs a package (`prepack`): builds scripts and declarations anew, without those of deleted modules,
 * and copies the license files beside the manifest. In a package's folder:
 *
 *   node ../../scripts/prepack.mjs [--no-build]     --no-build: only the license files
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

if (!process.argv.includes('--no-build')) {
  rmSync('dist', { recursive: true, force: true });
  for (const args of [['scripts/setup.mjs'], ['node_modules/typescript/bin/tsc', '-b']]) {
    // Output goes to standard error: npm's own output on standard output may be JSON.
    const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
    if (status !== 0) process.exit(status ?? 1);
  }
}
for (const file of ['LICENSE', 'NOTICE']) copyFileSync(join(ROOT, file), join(process.cwd(), file));
