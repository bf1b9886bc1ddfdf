/** Conditions that do not stop a call but that its caller should know of. */
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
  /** One sentence: what was seen, and what was done about it. */
  readonly message: string;
}
