import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Io } from '../io.ts';
import { batch } from './batch.ts';

vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'voiceflow-batch-'));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true });
});

const lost = (): never => {
  throw new TypeError('fetch failed');
};
const job = (state: string, rest: object = {}) => Response.json({ id: 'j', state, progress: null, ...rest });
const succeeded = () => job('succeeded', { result: { duration: 1, turns: [], speakers: [] } });

/** Runs the command with recordings of these names, on a server that answers like this. */
async function run(names: readonly string[], answer: (method: string, url: URL) => Response) {
  vi.stubGlobal('fetch', async (url: string, { method, signal }: RequestInit) => {
    signal?.throwIfAborted();
    return answer(method ?? 'GET', new URL(url));
  });
  for (const name of names) writeFileSync(join(folder, name), 'x');
  const told: string[] = [];
  const screen = { isTerminal: false, columns: 80, colorDepth: 1, unicode: true };
  const io: Io = { screen, errorScreen: screen, out: async () => {}, err: (text) => void told.push(text) };
  const args = [folder, '--out', join(folder, 'out'), '--server', 'http://x', '--at-once', '1'];
  const context = { io, signal: new AbortController().signal, handOverSignals: () => {} };
  let code: number | undefined;
  void batch.execute(args, context).then((value) => {
    code = value;
  });
  for (let seconds = 0; code === undefined && seconds < 200_000; seconds++) {
    await vi.advanceTimersByTimeAsync(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { code, told, results: existsSync(join(folder, 'out')) ? readdirSync(join(folder, 'out')) : [] };
}

it('ends when the server stays away, and says so once, not for each recording', async () => {
  let submissions = 0;
  const names = Array.from({ length: 20 }, (_, i) => `${i}.wav`);
  const { code, told, results } = await run(names, (method) => {
    if (method === 'POST') submissions++;
    return lost();
  });
  expect({ code, submissions, results }).toEqual({ code: 1, submissions: 10, results: [] });
  expect(told).toEqual([
    expect.stringMatching(/^voiceflow: .*0\.wav: cannot connect to http:\/\/x .*Trying again for about a minute\.\n$/),
    expect.stringMatching(/0\.wav: cannot connect to http:\/\/x/),
    expect.stringMatching(/run it again to continue\n$/),
  ]);
});

it('ends when the server disappears while jobs wait', async () => {
  const { code, told } = await run(['a.wav', 'b.wav'], (method) => (method === 'POST' ? job('queued') : lost()));
  expect(code).toBe(1);
  expect(told).toEqual([
    expect.stringMatching(/a\.wav: cannot connect to http:\/\/x .*Trying again for about a minute\.\n$/),
    expect.stringMatching(/cannot connect to http:\/\/x .*run it again to continue\n$/),
  ]);
});

it('goes on after a recording whose upload is cut by a server that is there', async () => {
  const { code, told, results } = await run(['a.wav', 'b.wav'], (method, { pathname, searchParams }) => {
    if (method === 'POST') return searchParams.get('uri') === 'a' ? lost() : job('queued');
    return pathname === '/v1/jobs' ? Response.json({ jobs: [], next: null }) : succeeded();
  });
  expect({ code, results }).toEqual({ code: 1, results: ['b.json'] });
  expect(told.at(-1)).toMatch(/a\.wav: cannot connect/);
});

it('waits while the server is full, and says so once', async () => {
  const full = { code: 'overloaded', detail: 'the queue is full' };
  let refusals = 0;
  const { code, told, results } = await run(['a.wav', 'b.wav'], (method, { searchParams }) => {
    if (method !== 'POST') return succeeded();
    const refused = searchParams.get('uri') === 'a' ? refusals++ < 8 : refusals++ < 10;
    return refused ? Response.json(full, { status: 503, headers: { 'retry-after': '30' } }) : job('queued');
  });
  expect({ code, results }).toEqual({ code: 0, results: ['a.json', 'b.json'] });
  expect(told).toEqual([expect.stringMatching(/a\.wav: the queue is full \[overloaded\]\. Trying again\.\n$/)]);
});
