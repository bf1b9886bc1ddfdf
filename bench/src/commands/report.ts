import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { flag, text } from '@voiceflow-ml/server/args';
import { recordingsOf } from '../accuracy/recordings.ts';
import { command } from '../command.ts';
import { REPOSITORY } from '../machine.ts';
import { collectReport } from '../report/collect.ts';
import { historyEntry, previousRun, readHistory } from '../report/history.ts';
import { renderSections } from '../report/markdown.ts';
import { readmeBlock, withReadmeBlock } from '../report/readme.ts';
import { reportSections } from '../report/sections.ts';
import type { Report } from '../report/types.ts';
import { renderScaling } from '../scaling.ts';
import { readJobsReport } from '../scaling-jobs.ts';
import { exitCode, formatVerdicts } from '../sla.ts';

export const report = command({
  summary: 'the full report as JSON and Markdown (about ten minutes); exit code 1 if a limit is missed',
  options: {
    out: text('DIR', 'folder of latest.json and latest.md (bench/results); history.json is beside it'),
    eval: text('DIR:DIR', 'also score the recordings of these folders that have reference RTTM'),
    docs: flag('update README.md (between its bench markers) and docs/scaling.md'),
    from: text('FILE', 'write the report again from its JSON, without measuring'),
    quick: flag('short runs, not for quoting: not added to the history'),
  },
  async run({ out: folder = join(REPOSITORY, 'bench', 'results'), eval: evaluate, docs, from, quick }, io) {
    const folders = evaluate?.split(delimiter) ?? [];
    // A folder without recordings is an error now, and not after minutes of measuring.
    for (const each of folders) await recordingsOf(each);
    const measured =
      from === undefined
        ? await collectReport({ quick, evaluate: folders }, io)
        : (JSON.parse(await readFile(from, 'utf8')) as Report);
    await writeReport(measured, folder, !quick && from === undefined);
    if (docs) await updateDocs(measured);
    io.out(`${formatVerdicts(measured.verdicts)}\n\n${measured.noise.verdict}\n${join(folder, `${NAME}.md`)}`);
    return exitCode(measured.verdicts);
  },
});

/** Only the latest report is kept. The history has what later runs need of earlier ones. */
const NAME = 'latest';

/** Writes the report as JSON and Markdown; with `counts`, adds it to the history. */
export async function writeReport(measured: Report, folder: string, counts: boolean): Promise<void> {
  await mkdir(folder, { recursive: true });
  const historyFile = join(folder, '..', 'history.json');
  const history = await readHistory(historyFile);
  const sections = reportSections(measured, previousRun(measured, history));
  const title = `# VoiceFlow measured: ${measured.date.slice(0, 10)}, commit ${measured.machine.commit}`;
  const how = 'Made by `npm run bench`; nothing here is written by hand.';
  await writeFile(join(folder, `${NAME}.json`), `${JSON.stringify(measured, undefined, 1)}\n`);
  await writeFile(join(folder, `${NAME}.md`), `${title}\n\n${how}\n\n${renderSections(sections)}\n`);
  if (!counts) return;
  const entries = [...history.filter((entry) => entry.date !== measured.date), historyEntry(measured)];
  await writeFile(historyFile, `${JSON.stringify(entries, undefined, 2)}\n`);
}

async function updateDocs(measured: Report): Promise<void> {
  const readme = join(REPOSITORY, 'README.md');
  const updated = withReadmeBlock(await readFile(readme, 'utf8'), readmeBlock(measured));
  if (updated !== undefined) await writeFile(readme, updated);
  const scaling = renderScaling(measured, await readJobsReport());
  if (scaling !== undefined) await writeFile(join(REPOSITORY, 'docs', 'scaling.md'), scaling);
}
