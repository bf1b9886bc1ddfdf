/**
 * The one precision rule. `Timeline`, `Annotation`, the scores and `assignWords` hold times on a grid of a
 * microsecond: two times that fall on one grid point are the same, a stretch that starts and ends on one is empty.
 * So `0.1 + 0.2` and `0.3` touch, whatever their last bits. The written formats round to a millisecond.
 */
const TICKS_PER_SECOND = 1e6;

/** Half a grid step in seconds: comparing differences of grid points with this slack undoes their rounding. */
export const HALF_TICK = 0.5 / TICKS_PER_SECOND;

/** Seconds → whole microseconds. */
export function toTicks(seconds: number): number {
  return Math.round(seconds * TICKS_PER_SECOND);
}

/** Whole microseconds → seconds. */
export function toSeconds(ticks: number): number {
  return ticks / TICKS_PER_SECOND;
}

/** Seconds on the microsecond grid. */
export function onGrid(seconds: number): number {
  // Adding 0 turns −0 into 0.
  return toSeconds(toTicks(seconds)) + 0;
}

/** Seconds → whole milliseconds. */
export function toMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) + 0;
}

/** Seconds rounded to a millisecond, as the formats write them. */
export function roundToMillisecond(seconds: number): number {
  return toMilliseconds(seconds) / 1000;
}
