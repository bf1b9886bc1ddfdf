import { VoiceFlowError } from '../../contract/errors.ts';
import type { Failure } from './protocol.ts';

export function toFailure(error: unknown): Failure {
  if (VoiceFlowError.isInstance(error)) {
    return { code: error.code, message: error.message, hint: error.hint };
  }
  return { code: 'backend-failed', message: messageOf(error) };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
