/** A stretch of time in seconds, `start` inclusive, `end` exclusive. */
export interface Segment {
  readonly start: number;
  readonly end: number;
}

/** One speaker speaking without a pause: who, when, and how sure. */
export interface Turn extends Segment {
  /** `SPEAKER_00`, … in order of first appearance, or a known voice's name. */
  readonly speaker: string;
  /** Calibrated probability in [0, 1] that this speaker speaks in this turn; absent in files that have none. */
  readonly confidence?: number;
}
