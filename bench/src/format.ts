import type { Summary } from './stats/summary.ts';

/** `9.87 ms`, `123 ms`: three significant figures, without an exponent. */
export function ms(value: number | undefined): string {
  return value === undefined ? '–' : `${figures(value)} ms`;
}

export function figures(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || value === 0) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  return value.toFixed(3);
}

export function percent(share: number): string {
  const value = 100 * share;
  // Close to 100 %, more digits matter; elsewhere a tenth is enough.
  const digits = Number.isInteger(value) ? 0 : value > 99 && value < 100 ? 3 : 1;
  return `${value.toFixed(digits)} %`;
}

/** A summary on one line: `P50 9.1 ms · P95 10.2 ms · P99 11 ms · max 14 ms`. */
export function summaryLine(summary: Summary | undefined): string {
  if (summary === undefined) return 'no samples';
  const { p50, p95, p99, max } = summary;
  return `P50 ${ms(p50)} · P95 ${ms(p95)} · P99 ${ms(p99)} · max ${ms(max)}`;
}

/** Counts as text: `http-503 4, reset 1`; empty without counts. */
export function counts(of: Readonly<Record<string, number>>): string {
  return Object.entries(of)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
