import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VOICEFLOW } from '../cli/command.ts';
import { ROOT } from '../packaging/packed.ts';

/** What README and guides tell people to write: every program type-checks, some run, every command exists. */

const pages = [
  'README.md',
  'models/fast-cnn/README.md',
  'packages/sdk/README.md',
  ...readdirSync(join(ROOT, 'docs/guide')).map((name) => `docs/guide/${name}`),
];

interface Block {
  /** Page and line, for titles. */
  readonly where: string;
  readonly language: string;
  readonly runs: boolean;
  readonly text: string;
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^```(\w+)( run)?\n([\s\S]*?)^```$/gm)].map((match) => ({
    where: `${page}:${text.slice(0, match.index).split('\n').length}`,
    language: match[1] ?? '',
    runs: match[2] !== undefined,
    text: match[3] ?? '',
  }));
}

const blocks = pages.flatMap(blocksOf);
const programs = blocks.filter(({ language }) => ['js', 'ts', 'javascript', 'typescript'].includes(language));

let folder = '';
beforeAll(() => {
  // Below the repository, so that its packages are found.
  folder = mkdtempSync(join(ROOT, 'tests/docs/blocks-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('are found', () => {
  expect(programs.length).toBeGreaterThan(10);
  expect(programs.filter(({ runs }) => runs).length).toBeGreaterThanOrEqual(2);
});

it('programs type-check', () => {
  programs.forEach(({ text }, i) => {
    writeFileSync(join(folder, `block-${i}.ts`), `${text}\nexport {};\n`);
  });
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'ES2022',
    module: 'ESNext',
    moduleResolution: 'Bundler',
    lib: ['ES2024', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    types: ['node'],
    skipLibCheck: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  const said = stdout.replace(/^.*block-(\d+)\.ts/gm, (_, i: string) => programs[Number(i)]?.where ?? '');
  expect(status, said).toBe(0);
});

describe('programs run', () => {
  for (const { where, text } of programs.filter(({ runs }) => runs)) {
    it(where, () => {
      const file = join(folder, 'run.mjs');
      writeFileSync(file, text);
      copyFileSync(join(ROOT, 'examples/audio/conversation.wav'), join(folder, 'meeting.wav'));
      const { status, stdout, stderr } = spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' });
      expect(status, stderr).toBe(0);
      expect(stdout).toContain('SPEAKER_0');
    });
  }
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

describe('links', () => {
  const all = [
    ...pages,
    'CONTRIBUTING.md',
    'examples/README.md',
    'examples/browser/README.md',
    ...readdirSync(join(ROOT, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];
  it.each(all)('of %s lead to files', (page) => {
    const text = readFileSync(join(ROOT, page), 'utf8').replace(/```[\s\S]*?```/g, '');
    const home = 'https://github.com/voiceflow-ml/voiceflow/';
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
    const missing = targets.filter((target) => {
      const path = target.replace(/#.*/, '');
      const own = path.startsWith(home)
        ? join(ROOT, path.slice(home.length).replace(/^(blob|tree)\/main\//, ''))
        : undefined;
      if (own === undefined && /^[a-z]+:/.test(path)) return false;
      return path !== '' && !existsSync(own ?? resolve(ROOT, dirname(page), path));
    });
    expect(missing).toEqual([]);
  });
});
