import process from 'node:process';
import { afterEach, expect, it, vi } from 'vitest';
import { throwIfAborted } from 'voiceflow-ml/core';
import type { Context } from '../command.ts';
import { serve } from './serve.ts';
import { worker } from './worker.ts';

vi.mock('@voiceflow-ml/server/node', () => ({
  serve: async () => 20,
  runWork: async () => 23,
  restartWithFlags: () => {},
}));
vi.mock('@voiceflow-ml/server/bun', () => ({ serve: async () => 21 }));
vi.mock('@voiceflow-ml/server/deno', () => ({ serve: async () => 22 }));

const contextOf = ({ signal }: AbortController) =>
  ({ signal, handOverSignals: () => throwIfAborted(signal) }) as Context;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it.each([
  ['Node', 20],
  ['Bun', 21],
  ['Deno', 22],
])('starts the server entry for %s, and exits with its code', async (runtime, code) => {
  if (runtime !== 'Node') vi.stubGlobal(runtime, {});
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  await serve.execute([], contextOf(new AbortController()));
  expect(exit.mock.calls).toEqual([[code]]);
});

it.each([
  ['serve', serve, 20],
  ['worker', worker, 23],
])('%s takes over the signals', async (_, command, code) => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const handOverSignals = vi.fn();
  await command.execute([], { ...contextOf(new AbortController()), handOverSignals });
  expect(handOverSignals).toHaveBeenCalledOnce();
  expect(exit.mock.calls).toEqual([[code]]);
});

it.each([
  ['serve', serve],
  ['worker', worker],
])('%s starts nothing after a signal that arrived while the entry was loaded', async (_, command) => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const stop = new AbortController();
  const served = command.execute([], contextOf(stop));
  stop.abort(new Error('SIGTERM'));
  await expect(served).rejects.toMatchObject({ code: 'aborted' });
  expect(exit).not.toHaveBeenCalled();
});
