import { choice, flag, number, text, UsageError, type Values } from '@voiceflow-ml/server/args';
import { parseRttm, parseUem, type RttmRecording } from 'voiceflow-ml/core';
import { type RecordingScore, type Score, type ScoreOptions, scoreDiarization } from 'voiceflow-ml/metrics';
import { defineCommand } from '../command.ts';
import { EXIT, onFile } from '../errors.ts';
import { readText } from '../files/open.ts';
import { table } from '../render/table.ts';

const options = {
  uem: text('FILE', 'score only these parts of the recordings (UEM)'),
  collar: number(
    [0, 1e6],
    'SECONDS',
    'leave out this much on each side of every reference boundary, as NIST does (default 0)',
    'seconds',
  ),
  'skip-overlap': flag('leave out where the reference has two or more speakers at once'),
  extent: choice(
    ['union', 'reference'],
    "without a UEM: score the extent of both files (union, default) or of the reference (md-eval's own default)",
  ),
  json: flag('JSON: rates in percent, times in seconds'),
};

export const score = defineCommand({
  usage: 'REF.rttm HYP.rttm [options]',
  details: [
    'DER is missed speech, false alarms and confused speakers over the speech of the reference, as NIST md-eval counts them, with the best mapping of labels. JER is the Jaccard error rate as dscore counts it. Both files may hold many recordings.',
  ],
  options,
  examples: [
    { command: 'voiceflow score truth.rttm result.rttm', does: 'strict: no collar, overlapped speech counts' },
    {
      command: 'voiceflow score truth.rttm result.rttm --collar 0.25 --skip-overlap',
      does: 'lenient: as many papers have it',
    },
    { command: 'voiceflow score truth.rttm result.rttm --uem scored.uem --json', does: 'for programs' },
  ],
  async run(values, positionals, { io }) {
    const [reference, hypothesis] = positionals;
    if (reference === undefined || hypothesis === undefined || positionals.length > 2) {
      throw new UsageError(`score takes two files, REF.rttm and HYP.rttm, but was given ${positionals.length}`);
    }
    const [truth, found] = [await readRttm(reference), await readRttm(hypothesis)];
    if (truth.every(({ turns }) => turns.length === 0)) {
      io.err(`voiceflow: warning: ${reference} has no SPEAKER lines, so there is nothing to score\n`);
    }
    const result = scoreDiarization(truth, found, await scoreOptions(values));
    for (const warning of result.warnings) io.err(`voiceflow: warning: ${warning.message} [${warning.code}]\n`);
    const { files, total } = result;
    await io.out(values.json ? `${JSON.stringify({ files, total }, null, 2)}\n` : scoreTable(files, total));
    return EXIT.done;
  },
});

async function scoreOptions(values: Values<typeof options>): Promise<ScoreOptions> {
  return {
    skipOverlap: values['skip-overlap'],
    collar: values.collar,
    extent: values.extent,
    uem: values.uem === undefined ? undefined : await parsed(values.uem, parseUem),
  };
}

function readRttm(path: string): Promise<RttmRecording[]> {
  return parsed(path, parseRttm);
}

/** @throws FileError with the path of the file, for any error in reading or parsing it. */
function parsed<T>(path: string, parse: (text: string) => T): Promise<T> {
  return onFile(path, async () => parse(await readText(path)));
}

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
