import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { circles, coarsen, importGraph } from './import-graph.ts';
import { makeFolder, ROOT, removeFolder } from './packed.ts';

/** No package has a circle of imports, of its modules or of its folders; those of the SDK and of the server are the ladders of docs/architecture.md. */

const SOURCES = ['packages', 'models']
  .flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}/src`))
  .concat('bench/src')
  .filter((source) => existsSync(join(ROOT, source)));

/** From the bottom; what stands in one line does not import each other. */
const LADDERS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'packages/sdk/src': [
    ['contract'],
    ['annotation', 'audio', 'stages', 'testing', 'backends'],
    ['metrics', 'voices', 'words', 'inference'],
    ['offline'],
    ['live'],
    ['pipelines'],
    ['diarizer.ts', 'installed'],
    ['core.ts', 'choose-backend.ts', 'standard.ts'],
    ['wasm-only.ts'],
    ['index.ts', 'node.ts', 'workerd.ts'],
  ],
  'packages/server/src': [
    ['args', 'engine', 'http', 'limits.ts', 'version.ts'],
    ['admission', 'testing'],
    ['metrics'],
    ['state.ts'],
    ['middleware'],
    ['routes'],
    ['app.ts', 'client'],
    ['index.ts', 'adapters'],
  ],
};

const folderOf = (module: string) => module.replace(/\/.*/, '');

describe('import cycles', () => {
  it.each(SOURCES)('%s has none', (source) => {
    const graph = importGraph(join(ROOT, source));
    expect(graph.size).toBeGreaterThan(0);
    expect(circles(graph)).toEqual([]);
  });
});

describe('folder cycles', () => {
  it.each(SOURCES)('%s has none', (source) => {
    expect(circles(coarsen(importGraph(join(ROOT, source)), folderOf))).toEqual([]);
  });
});

describe.each(Object.entries(LADDERS))('the layers of %s', (source, ladder) => {
  const rung = (name: string) => ladder.findIndex((names) => names.includes(name));
  const folders = coarsen(importGraph(join(ROOT, source)), folderOf);

  it('include each folder', () => {
    expect([...folders.keys()].filter((name) => rung(name) < 0)).toEqual([]);
  });

  it('import only lower layers', () => {
    const wrong = [...folders].flatMap(([from, targets]) =>
      targets.filter((to) => rung(to) >= rung(from)).map((to) => `${from} → ${to}`),
    );
    expect([...new Set(wrong)]).toEqual([]);
  });
});

describe('the test', () => {
  const folder = makeFolder();
  afterAll(() => removeFolder(folder));
  const write = (name: string, text: string) => {
    mkdirSync(join(folder, 'inner'), { recursive: true });
    writeFileSync(join(folder, name), text);
  };

  it('finds cycles of values, of types and of dynamic imports, also between folders', () => {
    write('a.ts', "import { b } from './inner/b.ts';\nexport const a = b;\n");
    write('inner/b.ts', "export type { C } from './c.ts';\nexport const b = 1;\n");
    write('inner/c.ts', "export const c = () => import('../a.ts');\nexport type C = typeof c;\n");
    write('alone.ts', "import './a.ts';\n");
    expect(circles(importGraph(folder))).toEqual(['a.ts → inner/b.ts → inner/c.ts → a.ts']);
    const coarse = coarsen(importGraph(folder), folderOf);
    expect(circles(coarse)).toEqual(['a.ts → inner → a.ts']);
  });
});
