import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

/** Which module of a folder imports which: types as well, since a circle of types is one for its readers. */
type ImportGraph = ReadonlyMap<string, readonly string[]>;

export function importGraph(folder: string): ImportGraph {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
  const modules = names.filter((name) => /\.ts$/.test(name) && !/\.test\.ts$|(^|\/)fixtures\//.test(name));
  return new Map(modules.map((name) => [name, importsOf(folder, name)]));
}

function importsOf(folder: string, name: string): string[] {
  const file = join(folder, name);
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true);
  const own = importedFiles.map(({ fileName }) => fileName.replace(/\?.*$/, '')).filter((path) => path.startsWith('.'));
  return own.map((path) => relative(folder, resolve(dirname(file), path)).replaceAll('\\', '/'));
}

/** The graph of something coarser, such as folders; what is imported within one of them does not count. */
export function coarsen(graph: ImportGraph, group: (module: string) => string): ImportGraph {
  const coarse = new Map<string, string[]>();
  for (const [from, targets] of graph) {
    const list = coarse.get(group(from)) ?? [];
    coarse.set(group(from), list);
    list.push(...targets.map(group).filter((to) => to !== group(from)));
  }
  return coarse;
}

/** The circles that a walk from each module meets, one for each arrow that closes one. */
export function circles(graph: ImportGraph): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (module: string): void => {
    const at = path.indexOf(module);
    if (at >= 0) found.push([...path.slice(at), module].join(' → '));
    if (at >= 0 || done.has(module)) return;
    path.push(module);
    for (const next of graph.get(module) ?? []) visit(next);
    path.pop();
    done.add(module);
  };
  for (const module of graph.keys()) visit(module);
  return found;
}
