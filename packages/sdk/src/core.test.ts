import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('loads in hosts without streams, such as React Native', async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('core.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'core',
  });
  const context = vm.createContext({});
  vm.runInContext(outputFiles[0]?.text ?? '', context);
  expect(vm.runInContext('typeof core.createDiarizer + typeof ReadableStream', context)).toBe('functionundefined');
});
