import { choice, flag, number, text, UsageError } from '@voiceflow-ml/server/args';
import { parseRttm, parseUem } from 'voiceflow-ml/core';
import { type RecordingScore, type Score, scoreDiarization } from 'voiceflow-ml/metrics';
import { defineCommand } from '../command.ts';
import { EXIT, onFile } from '../errors.ts';
import { readText } from '../files/open.ts';
import { table } from '../render/table.ts';
import { warn } from '../warnings.ts';

const options = {
  uem: text('FILE', 'score only the parts of the recordings in this UEM file'),
  collar: number(
    [0, 1e6],
    'SECONDS',
    'do not score this much on each side of every reference boundary, as NIST does (default 0)',
    'seconds',
  ),
  'skip-overlap': flag('do not score where the reference has two or more speakers at once'),
  extent: choice(
    ['union', 'reference'],
    'without --uem: score the extent of both files (union, default) or of the reference (the default of md-eval)',
  ),
  json: flag('print JSON, with rates in percent and times in seconds'),
};

export const score = defineCommand({
  usage: 'REF.rttm HYP.rttm [options]',
  details: [
    'DER is the time of missed speech, false alarms and speaker confusion divided by the speech of the reference, with the best mapping of labels, as computed by NIST md-eval. JER is the Jaccard error rate as computed by dscore. Both files may contain many recordings.',
  ],
  options,
  examples: [
    { command: 'voiceflow score reference.rttm result.rttm', does: 'strict: no collar, overlapped speech is scored' },
    {
      command: 'voiceflow score reference.rttm result.rttm --collar 0.25 --skip-overlap',
      does: 'lenient: as in many papers',
    },
    { command: 'voiceflow score reference.rttm result.rttm --uem scored.uem --json', does: 'JSON for programs' },
  ],
  async run(values, positionals, { io, signal }) {
    const [reference, hypothesis] = positionals;
    if (reference === undefined || hypothesis === undefined || positionals.length > 2) {
      throw new UsageError(`score needs 2 files, REF.rttm and HYP.rttm, received ${positionals.length}`);
    }
    const parsed = <T>(path: string, parse: (text: string) => T) =>
      onFile(path, async () => parse(await readText(path, signal)));
    const [references, hypotheses] = [await parsed(reference, parseRttm), await parsed(hypothesis, parseRttm)];
    if (references.every(({ turns }) => turns.length === 0)) {
      warn(io, reference, 'has no SPEAKER lines; there is nothing to score');
    }
    const { collar, extent, uem } = values;
    const result = scoreDiarization(references, hypotheses, {
      skipOverlap: values['skip-overlap'],
      collar,
      extent,
      uem: uem === undefined ? undefined : await parsed(uem, parseUem),
    });
    for (const warning of result.warnings) io.err(`voiceflow: warning: ${warning.message} [${warning.code}]\n`);
    const { files, total } = result;
    await io.out(values.json ? `${JSON.stringify({ files, total }, null, 2)}\n` : scoreTable(files, total));
    return EXIT.done;
  },
});

function scoreTable(files: Readonly<Record<string, RecordingScore>>, total: Score): string {
  const rows = Object.entries(files).map(([name, one]) => [name, ...cells(one)]);
  return table(
    [
      ['', 'DER %', 'miss %', 'false alarm %', 'confusion %', 'JER %', 'scored s'],
      ...rows,
      ...(rows.length === 1 ? [] : [['total', ...cells(total)]]),
    ],
    { right: [1, 2, 3, 4, 5, 6] },
  );
}

function cells({ der, miss, falseAlarm, confusion, scored, jer }: Score): string[] {
  const percent = (value: number | null) => (value === null ? '-' : value.toFixed(2));
  const share = (seconds: number) => percent(scored > 0 ? (100 * seconds) / scored : null);
  return [percent(der), share(miss), share(falseAlarm), share(confusion), percent(jer), scored.toFixed(2)];
}
