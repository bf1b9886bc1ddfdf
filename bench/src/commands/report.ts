import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type BenchCommand, parseFlags, textFlag } from '../args.ts';
import { formatVerdicts } from '../load/format.ts';
import { REPOSITORY } from '../machine.ts';
import { collectReport } from '../report/collect.ts';
import { historyEntry, previousRun, readHistory, writeHistory } from '../report/history.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { readmeBlock, withReadmeBlock } from '../report/readme.ts';
import { reportSections } from '../report/sections.ts';
import type { Report } from '../report/types.ts';
import { renderScaling } from '../scaling.ts';
import { readJobsReport } from '../scaling-jobs.ts';

const FLAGS = { quick: 'boolean', eval: 'string', from: 'string', out: 'string', docs: 'boolean' } as const;

export const report: BenchCommand = {
  summary: 'all of it (about ten minutes), as JSON and Markdown; exit 1 when a promise is missed',
  help: `npm run bench -- report [options]

  --out DIR      where latest.json and latest.md go (bench/results); history.json lies beside that folder
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
    await writeReport(measured, folder, !quick && from === undefined);
    if (flags.docs === true) await updateDocs(measured);
    io.out(`${formatVerdicts(measured.verdicts)}\n\n${measured.noise.verdict}\n${join(folder, `${NAME}.md`)}`);
    return measured.verdicts.every((verdict) => verdict.kept) ? 0 : 1;
  },
};

/** One report is kept; what later runs need of earlier ones stands in the history. */
const NAME = 'latest';

/** Writes the report as JSON and Markdown and, when it counts, adds it to the history. */
export async function writeReport(measured: Report, folder: string, counts: boolean): Promise<void> {
  await mkdir(folder, { recursive: true });
  const historyFile = join(folder, '..', 'history.json');
  const history = await readHistory(historyFile);
  const sections = reportSections(measured, previousRun(measured, history));
  const title = `VoiceFlow measured: ${measured.date.slice(0, 10)}, commit ${measured.machine.commit}`;
  await writeFile(join(folder, `${NAME}.json`), `${JSON.stringify(measured, undefined, 1)}\n`);
  await writeFile(join(folder, `${NAME}.md`), renderMarkdown(title, sections));
  if (!counts) return;
  const others = history.filter((entry) => entry.date !== measured.date);
  await writeHistory(historyFile, [...others, historyEntry(measured)]);
}

async function updateDocs(measured: Report): Promise<void> {
  const readme = join(REPOSITORY, 'README.md');
  const updated = withReadmeBlock(await readFile(readme, 'utf8'), readmeBlock(measured));
  if (updated !== undefined) await writeFile(readme, updated);
  const scaling = renderScaling(measured, await readJobsReport());
  if (scaling !== undefined) await writeFile(join(REPOSITORY, 'docs', 'scaling.md'), scaling);
}
