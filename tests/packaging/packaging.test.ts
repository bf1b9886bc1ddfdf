import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type Packed, pack, publicPackages, ROOT, removeFolder } from './packed.ts';

/** What npm would publish: complete, typed, small, and nothing that has no business there. */

const PACKAGES = publicPackages();
/** What people feel (docs/architecture.md): bytes of the installed embedded model. */
const FAST_CNN_BYTES = 2_800_000;

const packages = new Map<string, Packed>();
let folder = '';

beforeAll(() => {
  folder = makeFolder();
  for (const one of PACKAGES) packages.set(one.name, pack(one.folder, folder));
});
afterAll(() => removeFolder(folder));

function packed(name: string): Packed {
  const found = packages.get(name);
  if (!found) throw new Error(`${name} was not packed`);
  return found;
}

it('finds the packages', () => {
  const names = PACKAGES.map(({ name }) => name);
  expect(names).toContain('voiceflow-ml');
  expect(names).toContain('@voiceflow-ml/fast-cnn');
});

describe.each(PACKAGES)('$name', ({ name, folder: workspace }) => {
  it('passes publint', async () => {
    const { messages, pkg } = await publint({ pkgDir: workspace, level: 'suggestion', strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('has types that TypeScript finds in every ESM resolution (attw)', () => {
    const attw = join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    const args = [attw, packed(name).tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-color'];
    // Weights are an entry for bundlers' and workerd's data imports, and no module.
    const more = [
      '--no-definitely-typed',
      '--exclude-entrypoints',
      './fast-cnn.onnx',
      './ort-wasm-simd-threaded.wasm',
      './voiceflow-codecs.wasm',
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, [...args, ...more], { encoding: 'utf8' });
    expect(status, `${stdout}${stderr}`).toBe(0);
  });

  it('contains its exports and no private files', () => {
    const { files } = packed(name);
    const manifest = JSON.parse(readFileSync(join(workspace, 'package.json'), 'utf8')) as Manifest;
    for (const file of exportedFiles(manifest.exports)) expect(files).toContain(file);
    const strays = files.filter((file) =>
      /\.test\.|(^|\/)(src|fixtures|training)\/|tsbuildinfo|\.env|\.pt$/.test(file),
    );
    expect(strays).toEqual([]);
    expect(manifest.license).toMatch(/^Apache-2\.0/);
    expect(manifest.type).toBe('module');
  });

  it('has license files and complete metadata', () => {
    const { files } = packed(name);
    for (const file of ['LICENSE', 'NOTICE', 'README.md']) expect(files).toContain(file);
    const manifest = JSON.parse(readFileSync(join(workspace, 'package.json'), 'utf8')) as Record<string, unknown>;
    const folder = relative(ROOT, workspace);
    expect(manifest).toMatchObject({
      engines: { node: '>=20.19' },
      repository: { type: 'git', url: expect.stringMatching(/^git\+https:.*\.git$/), directory: folder },
      homepage: expect.any(String),
      bugs: expect.any(String),
      keywords: expect.arrayContaining(['onnx']),
      publishConfig: { access: 'public', provenance: true },
      scripts: { prepack: 'node ../../scripts/prepack.mjs' },
    });
    expect(readFileSync(join(workspace, 'README.md'), 'utf8')).not.toMatch(/\]\(\.\.\//);
  });
});

interface Manifest {
  readonly exports: unknown;
  readonly license: string;
  readonly type: string;
}

function exportedFiles(exports: unknown): string[] {
  if (typeof exports === 'string') return [exports.replace(/^\.\//, '')];
  return Object.values(exports as Record<string, unknown>).flatMap(exportedFiles);
}

it('is built anew, without what a deleted module has left', () => {
  const place = makeFolder();
  mkdirSync(join(place, 'dist'));
  writeFileSync(join(place, 'dist/deleted.d.ts'), '');
  execFileSync(process.execPath, [join(ROOT, 'scripts/prepack.mjs')], { cwd: place, stdio: 'pipe' });
  expect(readdirSync(place).sort()).toEqual(['LICENSE', 'NOTICE']);
  removeFolder(place);
});

it('has one version for all packages', () => {
  expect(execFileSync(process.execPath, [join(ROOT, 'scripts/version.mjs')], { encoding: 'utf8' })).toMatch(
    /^\d+\.\d+\.\d+\n$/,
  );
});

it('installs within 60 MB without the native runtime', () => {
  const sizes = ['voiceflow-ml', '@voiceflow-ml/fast-cnn', '@voiceflow-ml/segmenter', '@voiceflow-ml/wasm-runtime'].map(
    (name) => packed(name).unpackedSize,
  );
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(60_000_000);
});

it('contains the embedded model in one byte per weight', () => {
  const { files, unpackedSize } = packed('@voiceflow-ml/fast-cnn');
  expect(files.filter((file) => file.endsWith('.onnx'))).toEqual(['fast-cnn.onnx']);
  expect(unpackedSize).toBeLessThanOrEqual(FAST_CNN_BYTES);
});
