import type { ErrorCode } from '../../contract/errors.ts';
import type { Failure } from './protocol.ts';

/** Thrown where no VoiceFlowError is at hand (inside a worker); `toFailure` makes it a message. */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly code: ErrorCode;
  readonly hint?: string;

  constructor(code: ErrorCode, message: string, hint?: string) {
    super(message);
    this.code = code;
    if (hint !== undefined) this.hint = hint;
  }
}

export function toFailure(error: unknown): Failure {
  if (error instanceof SessionError) {
    return { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
  return { code: 'backend-failed', message: messageOf(error) };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
