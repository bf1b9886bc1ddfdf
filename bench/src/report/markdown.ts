import { figures, ms } from '../format.ts';
import type { Summary } from '../stats/summary.ts';

/** A section of a report. Its blocks are Markdown. */
export interface Section {
  readonly title: string;
  readonly blocks: readonly string[];
}

/** Sections as Markdown with second-level headings. */
export function renderSections(sections: readonly Section[]): string {
  return sections.flatMap(({ title, blocks }) => [`## ${title}`, ...blocks]).join('\n\n');
}

export function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

/** A table with the first column left-aligned and the others right-aligned. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = `|${head.map((_, at) => (at === 0 ? '---' : '--:')).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** A table of latencies, with one row per name. */
export function latencies(rows: Readonly<Record<string, Summary | undefined>>, title = ''): string {
  return table(
    [title, ...LATENCY],
    Object.entries(rows).map(([name, summary]) => [name, ...latency(summary)]),
  );
}

/** The usual columns of latencies. */
export const LATENCY = ['min', 'P50', 'P95', 'P99', 'max'];

export function latency(summary: Summary | undefined): string[] {
  return [summary?.min, summary?.p50, summary?.p95, summary?.p99, summary?.max].map(ms);
}

/**
 * A line chart over named positions on the x axis, in Mermaid, which GitHub and VitePress render. Mermaid has no
 * legend, so the caption names the lines in order.
 */
export function chart(
  title: string,
  x: string,
  y: string,
  places: readonly (string | number)[],
  series: Readonly<Record<string, readonly number[]>>,
): string {
  const lines = Object.values(series);
  const most = Math.max(...lines.flat(), 1);
  return [
    '```mermaid',
    'xychart-beta',
    `  title "${title}"`,
    `  x-axis "${x}" [${places.map((place) => `"${place}"`).join(', ')}]`,
    `  y-axis "${y}" 0 --> ${Math.ceil(1.1 * most)}`,
    ...lines.map((values) => `  line [${values.map(figures).join(', ')}]`),
    '```',
    ...(lines.length > 1 ? ['', `Lines: ${Object.keys(series).join(', ')}.`] : []),
  ].join('\n');
}
