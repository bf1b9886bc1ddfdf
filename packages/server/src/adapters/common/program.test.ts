import process from 'node:process';
import { afterEach, expect, it, vi } from 'vitest';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { runServe } from './program.ts';
import type { RunningServer } from './start-server.ts';

afterEach(() => {
  vi.restoreAllMocks();
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

it.each([
  [
    Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', syscall: 'listen' }),
    /another one with --port\.\)\n$/,
  ],
  [Object.assign(new Error('listen EADDRNOTAVAIL'), { code: 'EADDRNOTAVAIL' }), /another one with --host\.\)\n$/],
  [Object.assign(new Error('listen EACCES'), { code: 'EACCES', syscall: 'listen' }), /above 1023\.\)\n$/],
  [Object.assign(new Error('open EACCES'), { code: 'EACCES', syscall: 'open' }), /^voiceflow: open EACCES\n$/],
  [
    new VoiceFlowError('backend-unavailable', 'no database', { hint: 'Try Retry-After', retryAfter: 1 }),
    /\(Check the addr/,
  ],
  [new VoiceFlowError('model-not-found', 'no model', { hint: 'Pull it' }), /^voiceflow: no model \(Pull it\)\n$/],
])('%s ends the program with one line that says what to do', async (error, told) => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(await runServe(() => Promise.reject(error), ['--port', '0'])).toBe(1);
  expect(write.mock.calls).toEqual([[expect.stringMatching(told)]]);
});
