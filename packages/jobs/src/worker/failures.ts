import { type ErrorCode, VoiceFlowError } from 'voiceflow-ml/core';
import { OutsideError } from '../outside/request.ts';
import type { FailureAction } from '../queue/leases.ts';
import type { JobProblem } from '../queue/types.ts';

/** Errors that every retry would repeat. */
const FINAL: readonly ErrorCode[] = [
  'unsupported-format',
  'invalid-audio',
  'audio-too-long',
  'audio-too-large',
  'invalid-option',
];
/** Errors of this worker and not of the job. The job is retried without counting a failure. */
const DEFERRED: readonly ErrorCode[] = [
  'overloaded',
  'backend-unavailable',
  'model-not-found',
  'model-corrupt',
  'closed',
];

/** The problem that a failed job shows to its client. */
export function problemOf(error: unknown): JobProblem {
  if (!VoiceFlowError.isInstance(error)) return { code: 'internal', detail: 'the worker failed; see its log' };
  const { code, message, hint } = error;
  return { code, detail: message, hint };
}

/** What becomes of a job after an error of its work. */
export function failureActionOf(error: unknown): FailureAction {
  if (!VoiceFlowError.isInstance(error)) return 'retry';
  if (error.cause instanceof OutsideError && !error.cause.permanent) return 'retry';
  if (FINAL.includes(error.code)) return 'final';
  return DEFERRED.includes(error.code) ? 'defer' : 'retry';
}
