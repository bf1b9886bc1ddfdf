import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { BENCH_SCRIPT } from './inner.ts';

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** Runs the built program with a standard output that nobody reads. */
function withoutReader(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [BENCH_SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr })));
}

describe('a closed standard output', () => {
  it.each([[['--help']], [['cpu', '--help']], [['cpu', '--iterations', '1', '--warmup', '1', '--json']]])(
    'ends bench %s without an error',
    async (args) => {
      expect(await withoutReader(...args)).toEqual({ code: 0, stderr: '' });
    },
  );

  it.skipIf(process.platform !== 'linux')('a full disk is reported in one line (needs Linux: /dev/full)', async () => {
    const script = '"$0" "$1" --help > /dev/full';
    const child = spawn('bash', ['-c', script, process.execPath, BENCH_SCRIPT], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(1);
    expect(stderr).toMatch(/^cannot write to standard output: ENOSPC[^\n]*\n$/);
  });
});
