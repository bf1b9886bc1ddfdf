import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import type { Io } from '../io.ts';
import { batch } from './batch.ts';

const folder = mkdtempSync(join(tmpdir(), 'voiceflow-batch-'));

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true });
});

it('ends when the server stays away, and says so once, not for each recording', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let submissions = 0;
  vi.stubGlobal('fetch', async (_: string, { method, signal }: RequestInit) => {
    signal?.throwIfAborted();
    if (method === 'POST') submissions++;
    throw new TypeError('fetch failed');
  });
  for (let i = 0; i < 20; i++) writeFileSync(join(folder, `${i}.wav`), 'x');
  const told: string[] = [];
  const screen = { isTerminal: false, columns: 80, colorDepth: 1, unicode: true };
  const io: Io = { screen, errorScreen: screen, out: async () => {}, err: (text) => void told.push(text) };
  const args = [folder, '--out', join(folder, 'out'), '--server', 'http://x', '--at-once', '1'];
  const context = { io, signal: new AbortController().signal, handOverSignals: () => {} };
  let code: number | undefined;
  void batch.execute(args, context).then((value) => {
    code = value;
  });
  while (code === undefined) {
    await vi.advanceTimersByTimeAsync(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(code).toBe(1);
  expect(submissions).toBe(10);
  expect(told).toEqual([
    expect.stringMatching(/^voiceflow: cannot connect to http:\/\/x .*Trying again for about a minute\.\n$/),
    expect.stringMatching(/0\.wav: cannot connect to http:\/\/x/),
    expect.stringMatching(/run it again to continue\n$/),
  ]);
  expect(existsSync(join(folder, 'out'))).toBe(false);
});
