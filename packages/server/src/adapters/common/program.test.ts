import process from 'node:process';
import { afterEach, expect, it, vi } from 'vitest';
import { runServe } from './program.ts';
import type { RunningServer } from './running-server.ts';

afterEach(() => {
  for (const signal of ['SIGTERM', 'SIGINT']) process.removeAllListeners(signal);
});

it.each(['SIGTERM', 'SIGINT'])('%s during the start closes the server once it has started', async (signal) => {
  const close = vi.fn(async () => {});
  const start = async () => {
    process.emit(signal as NodeJS.Signals);
    return { url: 'http://127.0.0.1:0', close } as Partial<RunningServer> as RunningServer;
  };
  expect(await runServe(start, ['--port', '0'])).toBe(0);
  expect(close).toHaveBeenCalledOnce();
});
