import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VOICEFLOW } from '../cli/command.ts';
import { ROOT } from '../packaging/packed.ts';
import { blocks, blocksOf, filesBelow, isProgram, programs } from './blocks.ts';

/** What README, guides and packages tell people to write: every program type-checks, every command exists. */

/** Those of the READMEs inside packages, too, which no test runs. */
const checked = [
  ...programs,
  ...filesBelow('packages')
    .filter((name) => /\/src\/.*README\.md$/.test(name))
    .flatMap(blocksOf)
    .filter(isProgram),
];

let folder = '';
beforeAll(() => {
  // Below the repository, so that its packages are found.
  folder = mkdtempSync(join(ROOT, 'tests/docs/blocks-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('code blocks are found', () => {
  expect(programs.length).toBeGreaterThan(10);
  expect(checked.length).toBeGreaterThan(programs.length);
});

it('programs type-check, as strictly as a user can ask', () => {
  checked.forEach(({ text }, i) => {
    writeFileSync(join(folder, `block-${i}.ts`), `${text}\nexport {};\n`);
  });
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'ES2022',
    module: 'NodeNext',
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    lib: ['ES2024', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    types: ['node'],
    // Our declarations are checked, too.
    skipLibCheck: false,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  const said = stdout.replace(/^.*block-(\d+)\.ts/gm, (_, i: string) => checked[Number(i)]?.where ?? '');
  expect(status, said).toBe(0);
});

describe('commands exist, with their options', () => {
  const commands = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ where, text }) => text.split('\n').map((line) => ({ where, line: line.replace(/#.*/, '') })))
    .flatMap(({ where, line }) => {
      const found = /(?:^|\s)voiceflow ([a-z]+)\b([^|]*)/.exec(line);
      return found ? [{ where, name: found[1] ?? '', options: found[2]?.match(/(?<=\s)--?[a-z]+/g) ?? [] }] : [];
    });
  const helps = new Map<string, string>();

  it.each(commands)('$where: voiceflow $name $options', ({ name, options }) => {
    if (!helps.has(name)) {
      const { status, stdout } = spawnSync(process.execPath, [VOICEFLOW, name, '--help'], { encoding: 'utf8' });
      expect(status).toBe(0);
      helps.set(name, stdout);
    }
    for (const option of options) expect(helps.get(name)).toContain(option);
  });
});

/** GitHub's own `readme` is on the page of a repository. */
function hasAnchor(file: string, anchor = 'readme'): boolean {
  if (anchor === 'readme') return true;
  const titles = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title);
  return titles.some(
    (title) =>
      anchor ===
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
  );
}

describe('links', () => {
  const all = [
    ...readdirSync(ROOT),
    ...['docs', 'packages', 'models', 'examples', 'bench', 'deploy'].flatMap(filesBelow),
  ].filter((name) => name.endsWith('.md'));
  it('of more than 60 pages are checked', () => expect(all.length).toBeGreaterThan(60));
  it.each(all)('in %s lead to existing files', (page) => {
    const text = readFileSync(join(ROOT, page), 'utf8').replace(/```[\s\S]*?```/g, '');
    const home = 'https://github.com/voiceflow-ml/voiceflow/';
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
    const missing = targets.filter((target) => {
      const path = target.replace(/#.*/, '');
      const own = path.startsWith(home)
        ? join(ROOT, path.slice(home.length).replace(/^(blob|tree)\/main\//, ''))
        : undefined;
      if (own === undefined && /^[a-z]+:/.test(path)) return false;
      // Within the site a folder is no page (VitePress: a dead link).
      if (own === undefined && page.startsWith('docs/') && path.endsWith('/')) return true;
      const file = path === '' ? join(ROOT, page) : (own ?? resolve(ROOT, dirname(page), path));
      return !existsSync(file) || !hasAnchor(file, target.split('#')[1]);
    });
    expect(missing).toEqual([]);
  });
});
