import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { expect, it } from 'vitest';
import { WORKER_FLAGS } from './v8.ts';

it('gives workers only flags that this V8 knows: with another, Node does not start', () => {
  const { status, stdout } = spawnSync(process.execPath, [...WORKER_FLAGS, '-p', 'process.execArgv.length']);
  expect([status, Number(String(stdout))]).toEqual([0, WORKER_FLAGS.length + 2]);
});
