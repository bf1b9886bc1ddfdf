import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deno } from '../runtimes/runtimes.ts';
import { ROOT } from './packed.ts';

const { missing, command } = deno('publish', '--dry-run', '--allow-dirty');
const [file = '', ...args] = command;

/** JSR wants sources whose public types are written down, and no import that it cannot follow. */
it.skipIf(missing)(`JSR accepts the core${missing ? ` (skipped: ${missing})` : ''}`, () => {
  const options = {
    cwd: join(ROOT, 'packages/sdk'),
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  } as const;
  const { status, stderr } = spawnSync(file, args, options);
  expect(status, stderr).toBe(0);
  expect(stderr).toContain('@voiceflow-ml/core@');
  const files = stderr.match(/src\/\S+/g) ?? [];
  expect(files).toContain('src/core.ts');
  expect(files.filter((name) => /\.test\.ts|backends|fixtures/.test(name))).toEqual([]);
});
