import { expect, it } from 'vitest';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { withinHours } from './diarizer.ts';

it('withinHours passes the limit on, and names the option in the error', async () => {
  const echo = async (limits: unknown) => limits;
  expect(await withinHours({ 'max-hours': 10 }, echo)).toEqual({ maxSeconds: 36_000 });
  expect(await withinHours({ 'max-hours': undefined }, echo)).toEqual({});
  const fail = (error: unknown) => withinHours({ 'max-hours': 5 }, () => Promise.reject(error));
  await expect(fail(new VoiceFlowError('audio-too-long', 'is long', { hint: 'an option of the SDK' }))).rejects.toEqual(
    expect.objectContaining({
      code: 'audio-too-long',
      message: 'is long',
      hint: expect.stringContaining('--max-hours'),
    }),
  );
  const other = new VoiceFlowError('invalid-audio', 'is damaged');
  await expect(fail(other)).rejects.toBe(other);
});
