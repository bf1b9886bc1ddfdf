import process from 'node:process';
import { afterEach, expect, it, vi } from 'vitest';
import type { Context } from '../command.ts';
import { serve } from './serve.ts';

vi.mock('@voiceflow-ml/server/node', () => ({ serve: async () => 20, restartWithFlags: () => {} }));
vi.mock('@voiceflow-ml/server/bun', () => ({ serve: async () => 21 }));
vi.mock('@voiceflow-ml/server/deno', () => ({ serve: async () => 22 }));

const contextOf = ({ signal }: AbortController) => ({ signal }) as Context;

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

it('starts nothing after a signal that arrived while the entry was loaded', async () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const stop = new AbortController();
  const served = serve.execute([], contextOf(stop));
  stop.abort(new Error('SIGTERM'));
  await expect(served).rejects.toMatchObject({ code: 'aborted' });
  expect(exit).not.toHaveBeenCalled();
});
