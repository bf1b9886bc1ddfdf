/** Machine-readable error codes. They are stable; the server maps each to one HTTP status. */
export type ErrorCode =
  | 'unsupported-format'
  | 'invalid-audio'
  | 'audio-too-long'
  | 'audio-too-large'
  | 'invalid-option'
  | 'model-not-found'
  | 'model-corrupt'
  | 'model-incompatible'
  | 'backend-unavailable'
  | 'backend-failed'
  | 'aborted'
  | 'overloaded'
  | 'deadline-exceeded'
  | 'unauthorized'
  | 'quota-exceeded'
  | 'closed';

export interface ErrorDetails {
  /** One sentence: how the caller can fix the error. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Seconds after which a retry may succeed (`overloaded`, `quota-exceeded`). */
  readonly retryAfter?: number;
}

const MARKER = Symbol.for('voiceflow.error');

/**
 * The error class of all public functions of VoiceFlow.
 * `message` says what was received and what was expected; `hint` says how to fix it.
 */
export class VoiceFlowError extends Error {
  override readonly name = 'VoiceFlowError';
  readonly code: ErrorCode;
  readonly hint?: string;
  readonly retryAfter?: number;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.retryAfter !== undefined) this.retryAfter = details.retryAfter;
    Object.defineProperty(this, MARKER, { value: true });
  }

  /** True for errors of any installed copy of VoiceFlow; `instanceof` fails when the package is installed twice. */
  static isInstance(value: unknown): value is VoiceFlowError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[MARKER] === true;
  }
}

/** The error of a bad value. @param hint How the caller can fix it. */
export function invalidOption(message: string, hint?: string): VoiceFlowError {
  return new VoiceFlowError('invalid-option', message, { hint });
}

/** A value for an error message: short, whatever it is. */
export function show(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value)
    : value && typeof value === 'object'
      ? 'an object'
      : String(value);
}

/** @throws `aborted` if the caller's signal has aborted; `invalid-option` if it is something else than a signal. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
  if (signal && !signal.addEventListener) throw invalidOption(`signal is ${show(signal)}, expected an AbortSignal`);
}

/** Creates the `aborted` error for a signal that has aborted, with the signal's reason as its cause. */
export function abortError(signal: AbortSignal): VoiceFlowError {
  return new VoiceFlowError('aborted', 'the call was aborted by its signal', { cause: signal.reason });
}
