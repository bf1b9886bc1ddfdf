/** Milliseconds by name, from a `Server-Timing` header. */
export type ServerTiming = Readonly<Record<string, number>>;

const DURATION = /(?:^|;)\s*dur\s*=\s*"?([0-9.]+)"?/i;

/** Parses `queue;dur=0.4, model;dur=9.1, total;dur=9.9`; skips entries without a duration. */
export function parseServerTiming(header: string | readonly string[] | undefined): ServerTiming {
  if (header === undefined) return {};
  const timing: Record<string, number> = {};
  for (const entry of (typeof header === 'string' ? header : header.join(',')).split(',')) {
    const end = entry.indexOf(';');
    if (end < 0) continue;
    const duration = Number(DURATION.exec(entry.slice(end))?.[1] ?? Number.NaN);
    if (Number.isFinite(duration)) timing[entry.slice(0, end).trim().toLowerCase()] = duration;
  }
  return timing;
}
