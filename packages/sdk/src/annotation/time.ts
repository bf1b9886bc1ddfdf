/**
 * Time precision. `Timeline`, `Annotation`, the scores and `assignWords` round times to a grid of microseconds: times
 * on the same grid point are equal, and a segment that starts and ends on the same point is empty. So `0.1 + 0.2` and
 * `0.3` are equal despite floating-point errors. The output formats round to milliseconds.
 */
const TICKS_PER_SECOND = 1e6;

/** Half a grid step in seconds: tolerance that cancels rounding errors in differences of grid points. */
export const HALF_TICK = 0.5 / TICKS_PER_SECOND;

/** Seconds → integer microseconds. */
export function toTicks(seconds: number): number {
  return Math.round(seconds * TICKS_PER_SECOND);
}

/** Integer microseconds → seconds. */
export function toSeconds(ticks: number): number {
  return ticks / TICKS_PER_SECOND;
}

/** Rounds seconds to the microsecond grid. */
export function onGrid(seconds: number): number {
  // Adding 0 turns −0 into 0.
  return toSeconds(toTicks(seconds)) + 0;
}

/** Seconds → integer milliseconds. */
export function toMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) + 0;
}

/** Rounds seconds to milliseconds, as in the output formats. */
export function roundToMillisecond(seconds: number): number {
  return toMilliseconds(seconds) / 1000;
}
