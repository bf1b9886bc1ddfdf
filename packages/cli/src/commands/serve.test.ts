import process from 'node:process';
import { afterEach, expect, it, vi } from 'vitest';
import { serve } from './serve.ts';

vi.mock('@voiceflow-ml/server/node', () => ({ serve: async () => 20, restartWithFlags: () => {} }));
vi.mock('@voiceflow-ml/server/bun', () => ({ serve: async () => 21 }));
vi.mock('@voiceflow-ml/server/deno', () => ({ serve: async () => 22 }));

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
  await serve.execute([], undefined as never);
  expect(exit.mock.calls).toEqual([[code]]);
});
