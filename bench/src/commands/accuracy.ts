import { flag, integer } from '@voiceflow-ml/server/args';
import { createDiarizer } from 'voiceflow-ml';
import type { Score } from 'voiceflow-ml/metrics';
import { accuracy, type FileAccuracy, type FolderAccuracy } from '../accuracy/accuracy.ts';
import { modelWith } from '../accuracy/model.ts';
import { FOLDERS, MODEL } from '../accuracy/options.ts';
import { command, settings } from '../command.ts';

export const accuracyCommand = command({
  summary: 'diarization error on folders of recordings with reference RTTM',
  words: 'FOLDER…',
  about: `${FOLDERS}\nDER without a collar, overlapped speech scored, the same settings for all files.`,
  options: {
    model: MODEL,
    'count-known': flag('pass the reference number of speakers'),
    repeat: integer([1, 200], 1, 'times that each recording is repeated'),
    begins: integer([1, 24], 1, 'measure each recording this many times, begun 0, 0.31, 0.62 … s later'),
    set: settings('manifest settings to replace, such as cluster.evidence=6,gate.speech=0.4'),
    json: flag('all figures as JSON'),
  },
  notes: `Example
  npm run bench -- accuracy ../shared/corpus/eval/sim-dev ../shared/corpus/eval/real-dev`,
  async run({ model, set, repeat, begins, json, 'count-known': countKnown }, io, folders) {
    await using diarizer = await createDiarizer({ model: await modelWith(model, set) });
    const result = await accuracy(diarizer, {
      folders,
      countKnown,
      repeat,
      begins,
      signal: io.signal,
      onFile: json ? undefined : (_, file) => io.out(fileLine(file)),
    });
    io.out(json ? JSON.stringify(result) : result.map(folderLine).join('\n'));
  },
});

function fileLine(file: FileAccuracy): string {
  const { reference, found } = file.speakers;
  return `${file.name.padEnd(16)} ${rates(file)}  speakers ${found} of ${reference}  RTF ${file.rtf.toFixed(4)}`;
}

function folderLine({ folder, total, countError, countBias, rtf }: FolderAccuracy): string {
  const bias = `${countBias < 0 ? '−' : '+'}${Math.abs(countBias).toFixed(2)}`;
  return `${folder.padEnd(16)} ${rates(total)}  speakers off by ${countError.toFixed(2)} (${bias})  RTF ${rtf.toFixed(4)}`;
}

function rates({ der, miss, falseAlarm, confusion, scored, jer }: Score): string {
  const share = (seconds: number) => ((100 * seconds) / scored).toFixed(1);
  const parts = `miss ${share(miss)}, false alarm ${share(falseAlarm)}, confusion ${share(confusion)}`;
  return `DER ${der?.toFixed(1) ?? '–'} (${parts})  JER ${jer?.toFixed(1) ?? '–'}`;
}
