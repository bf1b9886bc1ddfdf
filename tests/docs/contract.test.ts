import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../packaging/packed.ts';

/** `docs/contract.md` and the drawings of `docs/architecture.md` say what the code says. */

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const contract = read('docs/contract.md');
const architecture = read('docs/architecture.md');

/** The strings of a union of types, from its source. */
function union(path: string, type: string): string[] {
  const [, text = ''] = new RegExp(`export type ${type} =([^;]*);`).exec(read(path)) ?? [];
  return [...text.matchAll(/'([^']+)'/g)].map(([, name = '']) => name);
}

const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
const section = (title: string) => contract.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
/** First and last cells of a table's rows. */
const rows = (text: string) =>
  [...text.matchAll(/^\| (`.*?) \|.* \| ([^|]*) \|$/gm)].map(([, first = '', last = '']) => [first, last] as const);

describe('docs/contract.md', () => {
  it('lists every error code, with its HTTP status', () => {
    const [, table = ''] = /const PROBLEMS.*?\{\n(.*?)\n\};/s.exec(read('packages/server/src/http/problem.ts')) ?? [];
    const statuses = [...table.matchAll(/'?([\w-]+)'?: \{ status: (\d+)/g)].map(([, code = '', status = '']) => [
      code,
      status,
    ]);
    const told = rows(section('Errors')).flatMap(([codes, status]) => {
      const each = status.split(', ');
      return quoted(codes).map((code, i) => [code, each[i] ?? each[0]]);
    });
    expect(told.toSorted()).toEqual(statuses.toSorted());
    expect(told.map(([code]) => code).toSorted()).toEqual(
      union('packages/sdk/src/contract/errors.ts', 'ErrorCode').toSorted(),
    );
  });

  it('lists every warning code', () => {
    const [, codes = ''] = /Codes: ([^\n]*)/.exec(section('Warnings')) ?? [];
    expect(quoted(codes).toSorted()).toEqual(union('packages/sdk/src/contract/warnings.ts', 'WarningCode').toSorted());
  });

  it('lists every entry of the SDK', () => {
    const { exports } = JSON.parse(read('packages/sdk/package.json')) as { exports: Record<string, unknown> };
    const entries = Object.keys(exports).filter((entry) => entry !== './package.json');
    const told = rows(section('Entries of `voiceflow-ml`')).flatMap(([names]) => quoted(names));
    expect(told.toSorted()).toEqual(entries.map((entry) => entry.slice(1) || 'voiceflow-ml').toSorted());
  });

  it('lists every command', () => {
    const [, told = ''] = /`voiceflow ([a-z| ]+)`/.exec(section('Command')) ?? [];
    const commands = [...read('packages/cli/src/commands/index.ts').matchAll(/entry\(\s*'(\w+)'/g)].map(
      ([, name]) => name,
    );
    expect(told.split(' | ')).toEqual(commands);
  });
});

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

describe('the package diagram', () => {
  const folders = [
    ...['packages', 'models'].flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}`)),
    'bench',
  ];
  const manifests = folders.flatMap((folder) => {
    try {
      return [{ folder, ...(JSON.parse(read(`${folder}/package.json`)) as Manifest) }];
    } catch {
      return [];
    }
  });
  const folderOf = new Map(manifests.map(({ name, folder }) => [name, folder]));
  const needs = (kind: 'dependencies' | 'peerDependencies') =>
    manifests.flatMap((manifest) =>
      Object.keys(manifest[kind] ?? {}).flatMap((name) => {
        const target = folderOf.get(name);
        return target === undefined ? [] : [`${manifest.folder} → ${target}`];
      }),
    );

  const [, drawing = ''] = /## The packages[\s\S]*?```mermaid\n([\s\S]*?)```/.exec(architecture) ?? [];
  /** By the name of a box; the core is a part of the SDK. */
  const boxes = new Map([...drawing.matchAll(/(\w+)\["([^<"]+)/g)].map(([, id = '', folder = '']) => [id, folder]));
  boxes.set('core', 'packages/sdk');
  const arrows = (arrow: string) =>
    [...drawing.matchAll(new RegExp(`(\\w+)(?:\\[[^\\]]*\\])? ${arrow} (\\w+)`, 'g'))].map(
      ([, from = '', to = '']) => `${boxes.get(from)} → ${boxes.get(to)}`,
    );

  it('contains every package', () => {
    expect([...new Set(boxes.values())].toSorted()).toEqual(manifests.map(({ folder }) => folder).toSorted());
  });

  it('has exactly one arrow for each dependency', () => {
    expect(arrows('-->').toSorted()).toEqual(needs('dependencies').toSorted());
  });

  it('has exactly one dotted arrow for each peer dependency', () => {
    expect(arrows('-\\. peer \\.->').toSorted()).toEqual(needs('peerDependencies').toSorted());
  });
});

describe('the layers', () => {
  it.each(['sdk', 'server'])('of %s include every folder', (name) => {
    const folders = readdirSync(join(ROOT, `packages/${name}/src`), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    const [, ladder = ''] =
      new RegExp(`## The ladder inside the ${name}\\n([\\s\\S]*?)\\n## `, 'i').exec(architecture) ?? [];
    expect(folders.filter((folder) => !ladder.includes(`\`${folder}/\``))).toEqual([]);
  });

  it('and the pipeline name existing stages', () => {
    const [, list = ''] = /^\| `stages\/` \|(.*)$/m.exec(architecture) ?? [];
    const arrows = [...architecture.matchAll(/\|"stages\/([\w, -]+)/g)].flatMap(([, names = '']) => names.split(', '));
    const names = [...quoted(list), ...arrows];
    expect(names.length).toBeGreaterThan(20);
    const there = readdirSync(join(ROOT, 'packages/sdk/src/stages'));
    expect(names.filter((name) => !there.includes(`${name}.ts`))).toEqual([]);
  });
});
