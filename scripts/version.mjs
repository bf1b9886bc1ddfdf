/**
 * Reads or sets the version, which is the same in all packages.
 *
 *   node scripts/version.mjs               prints it; fails when packages differ
 *   node scripts/version.mjs 0.2.0         sets it in every manifest and in the dependencies between packages
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FIELDS = ['dependencies', 'devDependencies', 'peerDependencies'];
const [, , wanted] = process.argv;

const manifests = ['packages', 'models', '.']
  .flatMap((parent) => (parent === '.' ? ['bench'] : readdirSync(join(ROOT, parent)).map((name) => join(parent, name))))
  .map((folder) => join(ROOT, folder, 'package.json'))
  .filter(existsSync)
  .map((path) => ({ path, manifest: JSON.parse(readFileSync(path, 'utf8')) }));
const ours = new Set(manifests.map(({ manifest }) => manifest.name));
/** The manifest for publishing the SDK's core on JSR. */
const JSR = join(ROOT, 'packages/sdk/jsr.json');
const jsr = JSON.parse(readFileSync(JSR, 'utf8'));

if (wanted === undefined) check();
else set(wanted);

function check() {
  const versions = new Map();
  const see = (version, where) => versions.set(version, [...(versions.get(version) ?? []), where]);
  for (const { manifest } of manifests) {
    see(manifest.version, manifest.name);
    for (const [name, version] of dependenciesOf(manifest)) see(version, `${manifest.name} → ${name}`);
  }
  see(jsr.version, 'packages/sdk/jsr.json');
  if (versions.size === 1) console.log([...versions.keys()][0]);
  else fail([...versions].map(([version, names]) => `${version}: ${names.join(', ')}`).join('\n'));
}

function set(version) {
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) fail(`"${version}" is no version: 1.2.3 or 1.2.3-next.1 is expected`);
  for (const { path, manifest } of manifests) {
    manifest.version = version;
    for (const field of FIELDS) {
      for (const name of Object.keys(manifest[field] ?? {})) if (ours.has(name)) manifest[field][name] = version;
    }
    writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
  }
  writeFileSync(JSR, `${JSON.stringify({ ...jsr, version }, null, 2)}\n`);
  console.log(`${version} in ${manifests.length} packages; next: npm install --package-lock-only, and CHANGELOG.md`);
}

function dependenciesOf(manifest) {
  return FIELDS.flatMap((field) => Object.entries(manifest[field] ?? {})).filter(([name]) => ours.has(name));
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
