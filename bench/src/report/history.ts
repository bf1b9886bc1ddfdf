import { readFile } from 'node:fs/promises';
import { type Figure, headlineFigures } from './figures.ts';
import type { Report } from './types.ts';

/** The data kept of each run for comparison. */
export interface HistoryEntry {
  readonly date: string;
  readonly commit: string;
  /** Runs are compared only on the same kind of machine. */
  readonly cpu: string;
  readonly cores: number;
  readonly noisy: boolean;
  readonly figures: Readonly<Record<string, number>>;
}

interface Change {
  readonly figure: Figure;
  readonly before: number;
  /** Relative change: 0.1 is ten percent more. */
  readonly change: number;
  readonly better: boolean;
}

/** Runs on an idle machine agree within this. Smaller differences do not count as changes. */
const AGREEMENT = 0.1;

export function historyEntry(report: Report): HistoryEntry {
  const figures: Record<string, number> = {};
  for (const { name, value } of headlineFigures(report)) {
    if (value !== undefined && Number.isFinite(value)) figures[name] = Number(value.toPrecision(4));
  }
  const { cpu, cores, commit } = report.machine;
  return { date: report.date, commit, cpu, cores, noisy: report.noise.noisy, figures };
}

/** The latest earlier run on the same kind of machine. */
export function previousRun(report: Report, history: readonly HistoryEntry[]): HistoryEntry | undefined {
  const { cpu, cores } = report.machine;
  return history
    .filter((entry) => entry.cpu === cpu && entry.cores === cores && entry.date < report.date)
    .sort((a, b) => a.date.localeCompare(b.date))
    .at(-1);
}

/** Figures that changed by more than the variation of repeated runs. */
export function changesSince(report: Report, before: HistoryEntry): Change[] {
  return headlineFigures(report).flatMap((figure) => {
    const old = before.figures[figure.name];
    if (figure.value === undefined || old === undefined || old === 0) return [];
    const change = (figure.value - old) / old;
    if (Math.abs(change) <= AGREEMENT) return [];
    return [{ figure, before: old, change, better: change < 0 === (figure.better === 'less') }];
  });
}

/**
 * Reads the history; a missing file is an empty history.
 * @throws SyntaxError for a file that is not JSON, which must not be overwritten.
 */
export async function readHistory(path: string): Promise<HistoryEntry[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]';
    throw error;
  });
  return JSON.parse(text) as HistoryEntry[];
}
