import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../packaging/packed.ts';

/** `docs/security.md` names the test behind each promise. */

const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
const section = (title: string) => page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
const quoted = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name);
const scripts = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts as Record<string, string>;
/** The cell of each promise, and the one of its tests. */
const promises = section('What is promised')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| promise |'))
  .map((line) => line.slice(2, -2).split(' | '))
  .map((cells) => [cells[0] ?? '', cells.at(-1) ?? ''] as const);

describe('the table of guarantees', () => {
  it('is found', () => {
    expect(promises.length).toBeGreaterThan(20);
  });

  it.each(promises)('names existing tests: %s', (_, cell) => {
    const tests = quoted(cell).filter((name) => !name.startsWith('npm run '));
    expect(tests).not.toEqual([]);
    for (const path of tests) {
      expect(path).toMatch(/\.test\.ts$/);
      expect(existsSync(join(ROOT, path)), path).toBe(true);
    }
  });
});

it('every test, script and command on the page exists', () => {
  for (const name of quoted(page)) {
    const [command, run, script] = name.split(' ');
    if (command === 'npm' && run === 'run') expect(Object.keys(scripts), name).toContain(script);
    if (command === 'npx' && run === 'tsx') expect(existsSync(join(ROOT, script ?? '')), name).toBe(true);
    if (/^(tests|packages|scripts|deploy)\//.test(name)) expect(existsSync(join(ROOT, name)), name).toBe(true);
  }
});
