import { afterEach, expect, it, vi } from 'vitest';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { JobsClient } from './jobs.ts';

afterEach(() => void vi.useRealTimers());

it('retries through failures of the server while waiting, and stops on abort', async () => {
  // No timer ever ends: only the signal can.
  vi.useFakeTimers();
  const stop = new AbortController();
  let asked = 0;
  const jobs = new JobsClient(async (_method, _path, options = {}) => {
    asked++;
    if (options.signal?.aborted) throw new VoiceFlowError('aborted', 'stopped');
    queueMicrotask(() => stop.abort());
    throw new VoiceFlowError('backend-unavailable', 'the server is away');
  });
  await expect(jobs.wait('id', { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
  expect(asked).toBe(2);
});
