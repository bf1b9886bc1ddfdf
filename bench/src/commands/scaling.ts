import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { type BenchCommand, parseFlags, textFlag } from '../args.ts';
import { REPOSITORY } from '../machine.ts';
import type { Report } from '../report/types.ts';
import { renderScaling } from '../scaling.ts';

const FLAGS = { report: 'string', out: 'string' } as const;

export const scaling: BenchCommand = {
  summary: 'what 1,000, 10,000 and 100,000 req/s need, computed from a report',
  help: `voiceflow bench scaling [--report FILE.json] [--out FILE.md]

  --report FILE   a report of voiceflow bench report (the latest in bench/results)
  --out FILE      docs/scaling.md`,
  async run(args, io) {
    const flags = parseFlags(args, FLAGS);
    const path = textFlag(flags, 'report') ?? (await latestReport());
    const report = JSON.parse(await readFile(path, 'utf8')) as Report;
    const page = renderScaling(report, basename(path, '.json'));
    if (page === undefined) throw new VoiceFlowError('invalid-option', `${path} has no figures of the server's cost`);
    const out = textFlag(flags, 'out') ?? join(REPOSITORY, 'docs', 'scaling.md');
    await writeFile(out, page);
    io.out(out);
    return 0;
  },
};

/** @throws `invalid-option` when there is none. */
async function latestReport(): Promise<string> {
  const folder = join(REPOSITORY, 'bench', 'results');
  const names = await readdir(folder).catch((): string[] => []);
  const reports = await Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => {
        const path = join(folder, name);
        return { path, date: (JSON.parse(await readFile(path, 'utf8')) as Report).date };
      }),
  );
  const latest = reports.sort((a, b) => a.date.localeCompare(b.date)).at(-1);
  if (latest === undefined) {
    throw new VoiceFlowError('invalid-option', 'there is no report in bench/results', { hint: 'npm run bench' });
  }
  return latest.path;
}
