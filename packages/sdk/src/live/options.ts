import { invalidOption, show } from '../contract/errors.ts';
import type { LiveOptions } from '../contract/live.ts';
import { MOST_SPEAKERS } from '../contract/options.ts';

const RATES = [8_000, 192_000] as const;
const LATENCIES = [0.5, 5] as const;
const STEPS = [0.25, 1] as const;
const KEPT_SECONDS = [0, 14_400] as const;
const DEFAULT_LATENCY = 1;
const DEFAULT_STEP = 0.25;

/** Timing of a session, in frames of its network. */
export interface LiveTiming {
  /** Frames of audio that must follow a moment for it to be final. */
  readonly lag: number;
  /** Frames between two windows, at most `lag`. */
  readonly hop: number;
}

/**
 * Checks the options of a session, except the known voices.
 * @param frame Seconds per frame. Times are rounded down to whole frames, so that the latency is not exceeded.
 * @throws `invalid-option` naming the option, its value and its range.
 */
export function liveTiming(options: LiveOptions, frame: number): LiveTiming {
  const { sampleRate, latency = DEFAULT_LATENCY, step = DEFAULT_STEP, maxSpeakers, keepAudio = 0 } = options;
  check('sampleRate', sampleRate, RATES, Number.isInteger(sampleRate), 'a whole number of samples per second');
  check('latency', latency, LATENCIES, true, 'seconds');
  check('step', step, [STEPS[0], Math.min(STEPS[1], latency)], true, 'seconds, at most the latency,');
  check('keepAudio', keepAudio, KEPT_SECONDS, true, 'seconds');
  if (maxSpeakers !== undefined) {
    check('maxSpeakers', maxSpeakers, [1, MOST_SPEAKERS], Number.isInteger(maxSpeakers), 'a whole number');
  }
  // Times are decimal fractions: 0.3 / 0.02 must be 15 frames, not 14.
  const frames = (seconds: number) => Math.max(1, Math.floor(seconds / frame + 1e-6));
  return { lag: frames(latency), hop: frames(step) };
}

function check(
  name: string,
  value: unknown,
  [least, most]: readonly [number, number],
  valid: boolean,
  what: string,
): void {
  if (typeof value === 'number' && valid && value >= least && value <= most) return;
  throw invalidOption(`${name} is ${show(value)}, expected ${what} from ${least} to ${most}`);
}

/**
 * Frames of silence before a session: the largest multiple of `hop` that is shorter than a window. The first window is
 * then complete after at most one hop of audio, and windows begin at the same frames as those of a recording.
 */
export function leadOf(frames: number, hop: number): number {
  return Math.floor((frames - 1) / hop) * hop;
}
