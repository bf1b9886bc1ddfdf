/** Conditions that do not stop a call but that the caller should know about. */
export type WarningCode =
  | 'audio-truncated'
  | 'audio-silent'
  | 'audio-nonfinite'
  | 'speaker-count-unreached'
  | 'threads-unavailable'
  | 'backend-fallback'
  | 'model-unverified'
  | 'format-questionable'
  | 'turns-forgotten'
  | 'audio-forgotten'
  | 'channels-mixed'
  | 'channels-inverted'
  | 'channels-alike';

export interface Warning {
  readonly code: WarningCode;
  /** One sentence: what was detected, and how it was handled. */
  readonly message: string;
}
