import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type BenchCommand, parseFlags, textFlag } from '../args.ts';
import { formatVerdicts } from '../load/format.ts';
import { REPOSITORY } from '../machine.ts';
import { reportCharts } from '../report/charts.ts';
import { collectReport } from '../report/collect.ts';
import { historyEntry, previousRun, readHistory, writeHistory } from '../report/history.ts';
import { renderHtml } from '../report/html.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { readmeBlock, withReadmeBlock } from '../report/readme.ts';
import { reportSections } from '../report/sections.ts';
import type { Report } from '../report/types.ts';
import { renderScaling } from '../scaling.ts';

const FLAGS = { quick: 'boolean', eval: 'string', from: 'string', out: 'string', docs: 'boolean' } as const;

export const report: BenchCommand = {
  summary: 'all of it (about ten minutes), as JSON, Markdown and HTML; exit 1 when a promise is missed',
  help: `voiceflow bench report [options]

  --out DIR      where the report goes (bench/results); history.json lies beside that folder
  --eval DIR:DIR also score the recordings of these folders that have an .rttm of the same name
  --docs         put the figures into README.md (between its bench markers) and docs/scaling.md
  --from FILE    measure nothing: write the report again from its JSON
  --quick        everything, but too short for figures to be quoted: writes nothing into the history`,
  async run(args, io) {
    const flags = parseFlags(args, FLAGS);
    const folder = textFlag(flags, 'out') ?? join(REPOSITORY, 'bench', 'results');
    const quick = flags.quick === true;
    const from = textFlag(flags, 'from');
    const measured =
      from === undefined
        ? await collectReport({ quick, evaluate: textFlag(flags, 'eval')?.split(delimiter) ?? [] }, io)
        : (JSON.parse(await readFile(from, 'utf8')) as Report);
    const name = await writeReport(measured, folder, !quick && from === undefined);
    if (flags.docs === true) await updateDocs(measured, name);
    io.out(`${formatVerdicts(measured.verdicts)}\n\n${measured.noise.verdict}\n${join(folder, `${name}.md`)}`);
    return measured.verdicts.every((verdict) => verdict.kept) ? 0 : 1;
  },
};

/** Writes the report in all forms and, when it counts, adds it to the history; gives its name. */
export async function writeReport(measured: Report, folder: string, counts: boolean): Promise<string> {
  await mkdir(folder, { recursive: true });
  const name = `${measured.date.slice(0, 10)}-${measured.machine.commit.replace('+', '-changed')}`;
  const historyFile = join(folder, '..', 'history.json');
  const history = await readHistory(historyFile);
  const sections = reportSections(measured, previousRun(measured, history));
  const title = `VoiceFlow measured: ${measured.date.slice(0, 10)}, commit ${measured.machine.commit}`;
  const charts = reportCharts(measured);
  const chartFile = (chart: string) => `${name}-${chart}.svg`;
  await writeFile(join(folder, `${name}.json`), stringify(measured));
  await writeFile(join(folder, `${name}.md`), renderMarkdown(title, sections, chartFile));
  await writeFile(join(folder, `${name}.html`), renderHtml(title, sections, charts));
  for (const [chart, svg] of charts) await writeFile(join(folder, chartFile(chart)), `${svg}\n`);
  if (counts) {
    const others = history.filter((entry) => entry.date !== measured.date);
    await writeHistory(historyFile, [...others, historyEntry(measured)]);
  }
  return name;
}

/** Indented JSON in which an array of numbers takes one line: raw samples stay readable and small. */
export function stringify(value: unknown): string {
  const text = JSON.stringify(value, undefined, 1);
  // A raw line break occurs only between values, never inside of a string.
  return `${text.replace(/\[\n\s*-?[\d.eE+-]+(?:,\n\s*-?[\d.eE+-]+)*\n\s*\]/g, (array) => array.replace(/\s+/g, ''))}\n`;
}

async function updateDocs(measured: Report, name: string): Promise<void> {
  const readme = join(REPOSITORY, 'README.md');
  const updated = withReadmeBlock(await readFile(readme, 'utf8'), readmeBlock(measured, name));
  if (updated !== undefined) await writeFile(readme, updated);
  const scaling = renderScaling(measured, name);
  if (scaling !== undefined) await writeFile(join(REPOSITORY, 'docs', 'scaling.md'), scaling);
}
