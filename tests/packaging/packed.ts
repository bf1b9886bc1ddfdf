import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The public packages as npm would publish them. */

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Packed {
  readonly name: string;
  /** The workspace. */
  readonly folder: string;
  readonly tarball: string;
  readonly files: readonly string[];
  readonly unpackedSize: number;
}

export function publicPackages(): { readonly name: string; readonly folder: string }[] {
  return ['packages', 'models']
    .flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => join(ROOT, parent, name)))
    .map((folder) => ({ folder, ...manifestOf(folder) }))
    .filter((one) => !one.private)
    .map(({ name, folder }) => ({ name, folder }));
}

function manifestOf(folder: string): { name: string; private?: boolean } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; private?: boolean };
}

export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'voiceflow-packaging-'));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

export function pack(folder: string, destination: string): Packed {
  // As npm's `prepack` would, but for the build, which the tests start with.
  execFileSync(process.execPath, [join(ROOT, 'scripts/prepack.mjs'), '--no-build'], { cwd: folder });
  const args = ['pack', folder, '--json', '--ignore-scripts', '--pack-destination', destination, '--loglevel=error'];
  const output = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', shell: process.platform === 'win32' });
  const parsed = JSON.parse(output) as unknown;
  // npm 11 gives a record by name, older ones a list.
  const [report] = Object.values(parsed as Record<string, NpmReport>);
  if (!report) throw new Error(`npm pack said nothing about ${folder}`);
  const { name, filename, files, unpackedSize } = report;
  return { name, folder, tarball: join(destination, filename), files: files.map(({ path }) => path), unpackedSize };
}

interface NpmReport {
  readonly name: string;
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** Unpacks a tarball to `node_modules/NAME` of a folder, as an installation would. */
export function installPacked(packed: Packed, folder: string): void {
  const target = join(folder, 'node_modules', packed.name);
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', packed.tarball, '-C', target, '--strip-components=1']);
}

/** Makes a package of the repository's own node_modules available to a folder. */
export function borrow(name: string, folder: string): void {
  const target = join(folder, 'node_modules', name);
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules', name), target, 'junction');
}
