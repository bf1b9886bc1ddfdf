import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { type BenchCommand, parseFlags, textFlag } from '../args.ts';
import { REPOSITORY } from '../machine.ts';
import type { Report } from '../report/types.ts';
import { renderScaling } from '../scaling.ts';
import { readJobsReport } from '../scaling-jobs.ts';

const FLAGS = { report: 'string', out: 'string' } as const;

export const scaling: BenchCommand = {
  summary: 'what 1,000, 10,000 and 100,000 req/s need, and 1, 100 and 10,000 hours a day, computed from reports',
  help: `npm run bench -- scaling [--report FILE.json] [--out FILE.md]

  --report FILE   a report of npm run bench -- report (bench/results/latest.json)
  --out FILE      docs/scaling.md`,
  async run(args, io) {
    const flags = parseFlags(args, FLAGS);
    const path = textFlag(flags, 'report') ?? join(REPOSITORY, 'bench', 'results', 'latest.json');
    const report = JSON.parse(await readFile(path, 'utf8')) as Report;
    const page = renderScaling(report, await readJobsReport());
    if (page === undefined) throw new VoiceFlowError('invalid-option', `${path} has no figures of the server's cost`);
    const out = textFlag(flags, 'out') ?? join(REPOSITORY, 'docs', 'scaling.md');
    await writeFile(out, page);
    io.out(out);
    return 0;
  },
};
