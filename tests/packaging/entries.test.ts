import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { publicPackages, ROOT } from './packed.ts';

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

const entries = publicPackages().flatMap(({ folder }) => {
  const { name, exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const modules = Object.keys(exports).filter((path) => !/\.(json|wasm|onnx)$/.test(path));
  return modules.map((path) => name + path.slice(1));
});

it('finds the package entries', () => {
  expect(entries).toEqual(expect.arrayContaining(['voiceflow-ml', 'voiceflow-ml/core', '@voiceflow-ml/server/node']));
});

/** How a host may have been started: its own name is no file, is another's argument, or is not there at all. */
const HOSTS: [string, string[]][] = [
  ['that is given an argument', ['no-such-file']],
  ['without a name', []],
];

it.each(HOSTS)('imports have no effects, print nothing and do not throw in a program %s', (_, args) => {
  const program = `
    for (const entry of ${JSON.stringify(entries)}) {
      await import(entry).catch((error) => console.log(entry, String(error)));
    }
    console.log('still here');`;
  const node = ['--input-type=module', '-e', program, ...args];
  // What had been started would keep the program from its end.
  const { status, stdout, stderr } = spawnSync(process.execPath, node, {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 100_000,
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'still here\n', stderr: '' });
});
