import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from '@voiceflow-ml/server/args';
import { invalidOption } from 'voiceflow-ml/core';
import { command } from '../command.ts';
import { REPOSITORY } from '../machine.ts';
import type { Report } from '../report/types.ts';
import { renderScaling } from '../scaling.ts';
import { readJobsReport } from '../scaling-jobs.ts';

export const scaling = command({
  summary: 'machines for 1,000 to 100,000 req/s and for 1 to 10,000 hours of audio per day, computed from a report',
  options: {
    report: text('FILE.json', 'output of npm run bench -- report (bench/results/latest.json)'),
    out: text('FILE.md', 'output (docs/scaling.md)'),
  },
  async run(
    {
      report: path = join(REPOSITORY, 'bench', 'results', 'latest.json'),
      out = join(REPOSITORY, 'docs', 'scaling.md'),
    },
    io,
  ) {
    const report = JSON.parse(await readFile(path, 'utf8')) as Report;
    const page = renderScaling(report, await readJobsReport());
    if (page === undefined) throw invalidOption(`${path} has no figures of the server's cost`);
    await writeFile(out, page);
    io.out(out);
  },
});
