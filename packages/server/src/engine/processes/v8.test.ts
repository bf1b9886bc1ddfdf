import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { expect, it } from 'vitest';
import { type OwnProcess, restartWithFlags, SERVER_FLAGS, WORKER_FLAGS } from './v8.ts';

it.each([
  ['workers', WORKER_FLAGS],
  ['the server', SERVER_FLAGS],
])('passes %s only flags that this V8 supports, since Node rejects unknown ones', (_, flags) => {
  const { status, stdout } = spawnSync(process.execPath, [...flags, '-p', 'process.execArgv.length']);
  expect([status, Number(String(stdout))]).toEqual([0, flags.length + 2]);
});

it('restarts the program once with its flags, where Node supports it', () => {
  const begun: unknown[][] = [];
  const own: OwnProcess = {
    execPath: '/bin/node',
    execArgv: ['--enable-source-maps'],
    argv: ['/bin/node', '/app/main.js', '--port', '1'],
    env: { A: 'a', B: undefined },
    platform: 'linux',
    execve: ((...what: unknown[]) => begun.push(what)) as unknown as NonNullable<OwnProcess['execve']>,
  };
  restartWithFlags(own);
  const args = ['/bin/node', ...SERVER_FLAGS, '--enable-source-maps', '/app/main.js', '--port', '1'];
  expect(begun).toEqual([['/bin/node', args, { A: 'a' }]]);
  restartWithFlags({ ...own, execArgv: args.slice(1, -3) });
  restartWithFlags({ ...own, platform: 'win32' });
  restartWithFlags({ ...own, connected: true });
  restartWithFlags({ ...own, execve: undefined });
  expect(begun).toHaveLength(1);
});
