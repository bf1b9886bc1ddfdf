import { type ErrorCode, VoiceFlowError } from 'voiceflow-ml/core';
import { PROBLEMS } from './problem.ts';

/** Converts a problem of the server to the error that the SDK would throw. */
export function toError(problem: Readonly<Record<string, unknown>>): VoiceFlowError {
  const { code, detail, message, hint } = problem;
  const text = [detail, message].find((each) => typeof each === 'string') ?? 'the server did not give a reason';
  return new VoiceFlowError(isCode(code) ? code : 'backend-failed', String(text), {
    hint: typeof hint === 'string' ? hint : undefined,
  });
}

function isCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(PROBLEMS, code);
}
