import { expect, it } from 'vitest';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { toProblem } from './problem.ts';

it('hints at what a client can do, not at options of the SDK', () => {
  const error = new VoiceFlowError('audio-too-long', 'too long', { hint: 'raise `limits.maxSeconds`' });
  expect(toProblem(error, 'r')).toMatchObject({
    status: 413,
    hint: expect.stringContaining('VOICEFLOW_AUDIO_SECONDS'),
  });
  const other = new VoiceFlowError('invalid-option', 'wrong', { hint: 'do this' });
  expect(toProblem(other, 'r')).toMatchObject({ status: 400, detail: 'wrong', hint: 'do this' });
});
