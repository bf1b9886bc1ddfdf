import { ms } from '../format.ts';
import type { Summary } from '../stats/summary.ts';

/** What a report consists of, before it is written as Markdown. */
export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | ({ readonly kind: 'chart' } & Chart);

/** One line in a chart. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

/** Lines over named places on the x axis. */
export interface Chart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly places: readonly string[];
  readonly series: readonly Series[];
}

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export const text = (value: string): Block => ({ kind: 'text', text: value });
export const list = (items: readonly string[]): Block => ({ kind: 'list', items });
export const chart = (value: Chart): Block => ({ kind: 'chart', ...value });
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): Block => ({
  kind: 'table',
  head,
  rows,
});

/** The usual columns of a table of latencies. */
export const PERCENTILES = ['', 'min', 'P50', 'P95', 'P99', 'max'];

export function row(name: string, summary: Summary | undefined): string[] {
  return [name, ...[summary?.min, summary?.p50, summary?.p95, summary?.p99, summary?.max].map(ms)];
}
