import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../packaging/packed.ts';

/** The code blocks of README, guides and packages. */

/** Our own files: without installed packages and the generated reference. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((name) => !/(^|\/)(node_modules|\.venv)\//.test(name) && !name.startsWith('docs/api/'));

/** What users read. */
const PAGES = [
  'README.md',
  ...filesBelow('docs/guide'),
  ...['packages', 'models'].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}/README.md`),
  ),
].filter((name) => name.endsWith('.md'));

export interface Block {
  /** Page and line, for titles. */
  readonly where: string;
  readonly language: string;
  /** Where it runs, when that is neither Node nor a shell: `page` or `workerd`. */
  readonly place: string;
  readonly text: string;
}

export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^```(\w*)(?: (\w+))?\n([\s\S]*?)^```$/gm)].map((match) => ({
    where: `${page}:${text.slice(0, match.index).split('\n').length}`,
    language: match[1] ?? '',
    place: match[2] ?? '',
    text: match[3] ?? '',
  }));
}

export const blocks: readonly Block[] = PAGES.flatMap(blocksOf);
export const isProgram = ({ language }: Block): boolean => ['js', 'ts'].includes(language);
export const programs = blocks.filter(isProgram);
