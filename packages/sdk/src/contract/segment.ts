import { invalidOption, show } from './errors.ts';

/** A time interval in seconds: `start` inclusive, `end` exclusive. */
export interface Segment {
  readonly start: number;
  readonly end: number;
}

/** An interval in which one speaker speaks without a pause. */
export interface Turn extends Segment {
  /** `SPEAKER_00`, `SPEAKER_01`, … in order of first appearance, or the name of a known voice. */
  readonly speaker: string;
  /** Calibrated probability in [0, 1] that this speaker speaks in this turn. Absent if a file has none. */
  readonly confidence?: number;
}

/** Largest accepted time in seconds (31 years), so that sums of microseconds stay exact in a double. */
export const MAX_SECONDS = 1e9;

/** Length of the overlap of two segments, in seconds. */
export function overlapSeconds(a: Segment, b: Segment): number {
  return Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));
}

/** Sort order: by start, then by end. */
export function compareSegments(a: Segment, b: Segment): number {
  return a.start - b.start || a.end - b.end;
}

/** Sort order: by start, then by end, then by the speaker label's code units. */
export function compareTurns(a: Turn, b: Turn): number {
  return compareSegments(a, b) || (a.speaker < b.speaker ? -1 : a.speaker > b.speaker ? 1 : 0);
}

/** @throws VoiceFlowError `invalid-option` unless start and end are seconds within ±1e9 and start ≤ end. */
export function checkSegment(segment: Segment, name = 'segment'): void {
  const { start, end } = segment;
  checkSeconds(start, `${name}.start`);
  checkSeconds(end, `${name}.end`);
  if (end < start) {
    throw invalidOption(`${name} ends at ${end} s, before it starts at ${start} s`);
  }
}

/** @throws VoiceFlowError `invalid-option` for invalid times, an empty label or a confidence outside [0, 1]. */
export function checkTurn(turn: Turn, name = 'turn'): void {
  checkSegment(turn, name);
  const { speaker, confidence } = turn;
  if (typeof speaker !== 'string' || speaker === '') {
    throw invalidOption(`${name}.speaker is ${JSON.stringify(speaker)}, expected a label`);
  }
  if (confidence !== undefined && !(typeof confidence === 'number' && confidence >= 0 && confidence <= 1)) {
    throw invalidOption(`${name}.confidence is ${show(confidence)}, expected a number in [0, 1]`);
  }
}

/** @throws VoiceFlowError `invalid-option` unless the option is a number of seconds ≥ 0 (`Infinity` is allowed). */
export function checkLength(value: number, name: string): void {
  if (typeof value === 'number' && value >= 0) return;
  throw invalidOption(`${name} is ${show(value)}, expected seconds of at least 0`);
}

function checkSeconds(value: unknown, name: string): void {
  if (typeof value !== 'number' || !(Math.abs(value) <= MAX_SECONDS)) {
    throw invalidOption(`${name} is ${show(value)}, expected seconds within ±${MAX_SECONDS}`);
  }
}
