import { VoiceFlowError } from './errors.ts';

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

/** The largest time that is taken, in seconds (31 years): sums of microseconds stay exact in a double. */
export const MAX_SECONDS = 1e9;

/** Seconds that both segments hold. */
export function overlapSeconds(a: Segment, b: Segment): number {
  return Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));
}

/** Order of time: by start, then by end. */
export function compareSegments(a: Segment, b: Segment): number {
  return a.start - b.start || a.end - b.end;
}

/** Order of time, then of the label's code units. */
export function compareTurns(a: Turn, b: Turn): number {
  return compareSegments(a, b) || (a.speaker < b.speaker ? -1 : a.speaker > b.speaker ? 1 : 0);
}

/** @throws VoiceFlowError `invalid-option` unless start and end are seconds within ±1e9 and start ≤ end. */
export function checkSegment(segment: Segment, name = 'segment'): void {
  const { start, end } = segment;
  checkSeconds(start, `${name}.start`);
  checkSeconds(end, `${name}.end`);
  if (end < start) {
    throw new VoiceFlowError('invalid-option', `${name} ends at ${end} s, before it starts at ${start} s`);
  }
}

/** @throws VoiceFlowError `invalid-option` unless the times are sound, there is a label, and confidence is in [0, 1]. */
export function checkTurn(turn: Turn, name = 'turn'): void {
  checkSegment(turn, name);
  const { speaker, confidence } = turn;
  if (typeof speaker !== 'string' || speaker === '') {
    throw new VoiceFlowError('invalid-option', `${name}.speaker is ${JSON.stringify(speaker)}, expected a label`);
  }
  if (confidence !== undefined && !(typeof confidence === 'number' && confidence >= 0 && confidence <= 1)) {
    throw new VoiceFlowError(
      'invalid-option',
      `${name}.confidence is ${shown(confidence)}, expected a number in [0, 1]`,
    );
  }
}

/** @throws VoiceFlowError `invalid-option` unless the option is a number of seconds of at least 0 (`Infinity` too). */
export function checkLength(value: number, name: string): void {
  if (typeof value === 'number' && value >= 0) return;
  throw new VoiceFlowError('invalid-option', `${name} is ${shown(value)}, expected seconds of at least 0`);
}

function checkSeconds(value: unknown, name: string): void {
  if (typeof value !== 'number' || !(Math.abs(value) <= MAX_SECONDS)) {
    throw new VoiceFlowError('invalid-option', `${name} is ${shown(value)}, expected seconds within ±${MAX_SECONDS}`);
  }
}

/** A value for a message: an object may have a `toString` that is none. */
function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
