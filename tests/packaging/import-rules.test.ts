import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, ROOT, removeFolder } from './packed.ts';

/** Biome's rules that keep the SDK's inner part pure really fire: each violation, as a file of it, with the rule that must object. */

const VIOLATIONS = {
  'a module of Node': [
    "import { readFile } from 'node:fs/promises';\nexport const read = readFile;\n",
    'noNodejsModules',
  ],
  'a module of Bun': ["import { Database } from 'bun:sqlite';\nexport const db = Database;\n", 'noRestrictedImports'],
  'a backend': [
    "import { nodeBackend } from 'voiceflow-ml/backends/node';\nexport const b = nodeBackend;\n",
    'noRestrictedImports',
  ],
  'a backend by its file': [
    "import { openPool } from '../backends/pool/pool.ts';\nexport const o = openPool;\n",
    'noRestrictedImports',
  ],
  'ONNX Runtime': ["import * as ort from 'onnxruntime-web';\nexport const o = ort;\n", 'noRestrictedImports'],
  'a dynamic import': ["export const fs = () => import('node:fs');\n", 'noNodejsModules'],
  process: ['export const where = process.cwd();\n', 'noRestrictedGlobals'],
  Buffer: ["export const bytes = Buffer.from('a');\n", 'noRestrictedGlobals'],
  Deno: ['export const version = Deno.version;\n', 'noRestrictedGlobals'],
  'the console': ["export const say = () => console.log('a');\n", 'noConsole'],
  any: ['export const x: any = 1;\n', 'noExplicitAny'],
} as const;
const TITLES = Object.keys(VIOLATIONS) as (keyof typeof VIOLATIONS)[];
const CLEAN = 'clean';

interface Report {
  readonly diagnostics: readonly { readonly category: string; readonly location: { readonly path: string } }[];
}

let folder = '';
/** Rules that objected, by file name. */
const objections = new Map<string, string[]>();

beforeAll(() => {
  folder = makeFolder();
  const source = join(folder, 'packages/sdk/src/stages');
  mkdirSync(source, { recursive: true });
  for (const file of ['biome.json', '.gitignore']) copyFileSync(join(ROOT, file), join(folder, file));
  TITLES.forEach((title, i) => {
    writeFileSync(join(source, `${i}.ts`), VIOLATIONS[title][0]);
  });
  writeFileSync(join(source, `${CLEAN}.ts`), 'export const one = 1;\n');
  mkdirSync(join(folder, 'packages/cli/src'), { recursive: true });
  writeFileSync(join(folder, 'packages/cli/src/parser.ts'), "export { parseArgs } from 'node:util';\n");
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
  const { stdout } = spawnSync(process.execPath, [biome, 'lint', '--reporter=json', '.'], {
    cwd: folder,
    encoding: 'utf8',
  });
  for (const { category, location } of (JSON.parse(stdout) as Report).diagnostics) {
    const name = location.path.replace(/^.*\/|\.ts$/g, '');
    objections.set(name, [...(objections.get(name) ?? []), category.replace(/^.*\//, '')]);
  }
});
afterAll(() => removeFolder(folder));

describe('the inner part of the SDK must not use', () => {
  it.each(TITLES.map((title, i) => ({ title, i })))('$title', ({ title, i }) => {
    expect(objections.get(String(i))).toContain(VIOLATIONS[title][1]);
  });
});

it('no program parses its options with its own parser (decision 104)', () => {
  expect(objections.get('parser')).toContain('noRestrictedImports');
});

it('code without violations passes', () => {
  expect(objections.has(CLEAN)).toBe(false);
});

it('no package sets V8 flags at run time, since they affect the whole process (decision 105)', () => {
  const sources = readdirSync(join(ROOT, 'packages'), { recursive: true, encoding: 'utf8' }).filter(
    (path) => /^[^/\\]+[/\\]src[/\\].*\.ts$/.test(path) && !/\.test\.ts$|node_modules/.test(path),
  );
  expect(sources.length).toBeGreaterThan(100);
  const setting = sources.filter((path) =>
    /\bsetFlagsFromString\b/.test(readFileSync(join(ROOT, 'packages', path), 'utf8')),
  );
  expect(setting).toEqual([]);
});
