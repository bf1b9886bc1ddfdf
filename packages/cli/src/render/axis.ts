const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200] as const;
const DAY = 86_400;

interface Tick {
  readonly seconds: number;
  readonly label: string;
}

/** Axis ticks at round times from 0 to `duration` seconds: the one at 0 and at most `most` others. */
export function ticks(duration: number, most: number): Tick[] {
  const least = duration / Math.max(1, most);
  const step = STEPS.find((candidate) => candidate >= least) ?? Math.ceil(least / DAY) * DAY;
  return Array.from({ length: Math.floor(duration / step + 1e-9) + 1 }, (_, i) => ({
    seconds: i * step,
    label: clock(i * step),
  }));
}

/** Formats seconds as `1:05` or `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, '0')];
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`;
}

/** Formats seconds as `0:01:05.250`, always with hours and milliseconds, for columns of times. */
export function preciseClock(seconds: number): string {
  const ms = Math.max(0, Math.round(seconds * 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const whole = Math.floor(ms / 1000);
  const time = `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return `${time}.${String(ms % 1000).padStart(3, '0')}`;
}
