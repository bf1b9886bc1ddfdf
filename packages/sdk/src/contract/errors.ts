/** What went wrong, for programs. Stable; each code has one HTTP status in the server. */
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
  /** What the caller can do about it, in one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Seconds after which the same call may succeed (`overloaded`, `quota-exceeded`). */
  readonly retryAfter?: number;
}

const MARKER = Symbol.for('voiceflow.error');

/**
 * The one error that leaves VoiceFlow's public functions.
 * `message` says what was received and what was expected; `hint` says what to do.
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

  /** True for an error of any installed copy of VoiceFlow, where `instanceof` fails across duplicates. */
  static isInstance(value: unknown): value is VoiceFlowError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[MARKER] === true;
  }
}

/** Throws `aborted` when the caller's signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}

/** The `aborted` error for a signal that has fired, with the caller's reason as its cause. */
export function abortError(signal: AbortSignal): VoiceFlowError {
  return new VoiceFlowError('aborted', 'the call was aborted by its signal', { cause: signal.reason });
}
